"""`nativefax demo`: real faxes through the whole pipeline, then a separate checker's verdict."""

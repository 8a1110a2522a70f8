"""The pages of faxes: the lists, one fax with its documents, and what can be done with it."""

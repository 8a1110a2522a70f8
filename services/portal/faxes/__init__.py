"""The faxes of the portal's pages: who may see which, their lists, their documents and the pictures of their pages."""

"""Faxes as they change, told at once to whoever may see them and has a page open.

`tail` reads fax-status from its end, `stream` waits until the history has each step and tells the audience, `ring`
remembers the newest steps for browsers that come back. The page behind it is `services.portal.web.fax_pages.live`.
"""

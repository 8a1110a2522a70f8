"""What other stages write into a fax's steps and decision, in English, to be said in the reader's language.

`tests/unit/test_phrases.py` has each stage write, and fails if one of its sentences is not here.
"""

from typing import Final

from services._runtime.phrases import Phrases
from services._runtime.translating import N_

WHYS: Final = (
    N_("It was uploaded, and no call told which number it was for."),
    N_("{number} is no fax account."),
    N_("{number} is no longer this account's."),
    N_("{number} was removed from {domain}."),
    N_("The account blocks this caller."),
    N_("The file can't be read; its original is kept and the user is told."),
    N_("The account wants an email with the fax attached."),
    N_("The account wants an email with a link to the fax."),
    N_("The account wants its faxes in the portal only."),
    N_("It had been set aside, and was released. {then}"),
    N_("It was not released: the number is no longer that account's, or is somebody else's."),
    N_("The account may send faxes by email."),
    N_("The account may send faxes in the portal."),
    N_("The account may send faxes from a fax machine."),
    N_("The account may not send faxes by email."),
    N_("The account may not send faxes in the portal."),
    N_("The account may not send faxes from a fax machine."),
    N_("The sender is neither the account's user nor among its allowed senders."),
    N_("The destination can't be dialled for this account."),
    N_("The document can't be turned into fax pages."),
    N_("Its sender cancelled it before it was handed over for dialling."),
    N_("Somebody who may deleted it."),
)
"""Why a fax was decided so: the router, the API's gateway, retention."""

DETAILS: Final = (
    N_("Another document had come under the same call; this one is kept as a fax of its own."),
    N_("It was uploaded, and no call told of it."),
    N_("The fax machine did not take it in time."),
    N_("The fax machine did not take it in time; it is sent by mail instead."),
    N_("The fax machine did not take the page in time."),
    N_("The fax machine did not take the page in time; it is sent by mail instead."),
    N_("with the document"),
    N_("without the document"),
    N_("with a link"),
    N_("with a link: the document is too large to attach"),
    N_("with a link: the document is too large for the mail server"),
    N_("call {number}"),
    N_("{arrived} of {pages} pages arrived"),
    N_("telephony has not told yet how the call ended"),
    N_("known from an earlier call"),
    N_("cancelled, but a call is under way"),
    N_("{what}; next call after {moment}"),
    N_("{what}; its pages are made anew at standard resolution"),
)
"""The detail of a step. What a mail server said, and names of files, are nobody's to translate."""

CALLS: Final = (
    N_("busy"),
    N_("no answer"),
    N_("the network is busy or out of order"),
    N_("no such number"),
    N_("rejected"),
    N_("no fax machine was heard"),
    N_("trouble on the line"),
    N_("the other machine can't take it"),
    N_("the other machine can't take this resolution"),
    N_("the other machine can't take pages of this size"),
    N_("the other machine refuses this sender"),
    N_("the file can't be sent"),
    N_("the call was not placed"),
    N_("it is not known how the call ended"),
)
"""How a call ended that is made again."""

PHRASES: Final = Phrases((*WHYS, *DETAILS, *CALLS))

"""What the sender asks of one call, and what the far end makes of it, beside the line between them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Course:
    """How a call goes.

    Attributes:
        first_page: The first page of the file that is sent, from 1.
        subaddress: For whom behind the far machine the fax is (T.30, SUB); sent if that machine takes subaddresses.
        hang_up_after_pages: The far end hangs up once it has confirmed so many pages; 0: as the first one begins.
        voice: A person answers, so no machine is heard.
    """

    first_page: int = 1
    subaddress: str = ""
    hang_up_after_pages: int | None = None
    voice: bool = False

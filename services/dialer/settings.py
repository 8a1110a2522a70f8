"""Settings of the dialer, from `NATIVEFAX_DIALER_…`. Secrets print as stars."""

from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services._runtime.database_url import DatabaseUrl
from services.dialer.rules import Rules


class DialerSettings(BaseSettings):
    """Where its database is, how many calls at once, and what telephony promises."""

    model_config = SettingsConfigDict(env_prefix="NATIVEFAX_DIALER_", frozen=True, extra="ignore")

    database: DatabaseUrl = Field(description="sqlite:///path or postgresql://user:password@host/database, its own")
    lines: int = Field(default=20, ge=1, le=10_000, description="calls at once")
    lines_per_account: int = Field(default=2, ge=1, description="calls at once for one account")
    start_seconds: float = Field(default=120, gt=0, description="in which telephony may start a call")
    longest_call_seconds: float = Field(default=14_400, gt=0, description="no call is longer; most must be shorter")
    margin_seconds: float = Field(default=60, ge=0, description="for clocks that differ")
    answer_seconds: float = Field(
        default=3_600, ge=0, description="how long a result may be late before a fax ends as outcome-unknown"
    )
    telephony_promises: bool = Field(
        default=True, description="telephony refuses repeated attempt ids, and starts no call after not_after"
    )
    redial_unanswered: bool = Field(
        default=False, description="call again when nobody knows how a call ended: the fax may then arrive twice"
    )
    resume: bool = Field(default=False, description="telephony can begin at a later page")
    busy_seconds: float = Field(default=180, gt=0, description="until the next call")
    no_answer_seconds: float = Field(default=300, gt=0, description="until the next call; also after congestion")
    protocol_seconds: float = Field(default=60, gt=0, description="until the next call after a call that was answered")
    unstarted_seconds: float = Field(default=15, gt=0, description="until the next request; doubled each time")
    tries: int = Field(default=3, ge=1, description="calls that were answered")
    dials: int = Field(default=12, ge=1, description="calls in all")
    retry_seconds: float = Field(default=10_800, gt=0, description="after the first request, no call is planned")
    give_up_seconds: float = Field(default=86_400, gt=0, description="how long a fax may wait for a free line")
    render_seconds: float = Field(default=600, gt=0, description="how long pages that are made anew are waited for")
    dead_number_seconds: float = Field(
        default=86_400, ge=0, description="how long a number that surely is none is remembered, for all; 0: not at all"
    )
    dead_number_once_seconds: float = Field(
        default=3_600, ge=0, description="how long one that was found so once is, for the account that called it"
    )

    @model_validator(mode="after")
    def _redial_needs_the_promise(self) -> Self:
        if self.redial_unanswered and not self.telephony_promises:
            raise ValueError(
                "NATIVEFAX_DIALER_REDIAL_UNANSWERED needs NATIVEFAX_DIALER_TELEPHONY_PROMISES: "
                "without it the first call may still be going on"
            )
        return self

    @property
    def rules(self) -> Rules:
        """As the domain takes them."""
        return Rules(
            start=self.start_seconds,
            longest_call=self.longest_call_seconds,
            margin=self.margin_seconds,
            answer=self.answer_seconds,
            promises=self.telephony_promises,
            redial_unanswered=self.redial_unanswered,
            resume=self.resume,
            busy=self.busy_seconds,
            no_answer=self.no_answer_seconds,
            protocol=self.protocol_seconds,
            unstarted=self.unstarted_seconds,
            tries=self.tries,
            dials=self.dials,
            retry_window=self.retry_seconds,
            give_up=self.give_up_seconds,
            render=self.render_seconds,
            dead_number=self.dead_number_seconds,
            dead_number_once=self.dead_number_once_seconds,
        )

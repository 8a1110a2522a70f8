"""One request of boto3, which blocks, as something to await: in a thread, within a time limit, a few times."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import AsyncRetrying, retry_if_exception, retry_if_result, stop_after_attempt, wait_random_exponential

from services._runtime.access import refusals
from services._runtime.outcomes import DependencyAway

T = TypeVar("T")

ATTEMPTS = 4
WAIT = wait_random_exponential(multiplier=0.1, max=2.0)
FORBIDDEN = 403
SERVER_ERROR = 500
GONE = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404"})
"""Codes by which S3 says that something isn't there."""


class Calls:
    """Requests in threads of their own, `at_once` at most, each for `seconds` at most."""

    def __init__(self, at_once: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="bucket")
        self._seconds = seconds
        self._retrying = AsyncRetrying(
            retry=retry_if_exception(_worth_repeating), stop=stop_after_attempt(ATTEMPTS), wait=WAIT, reraise=True
        )

    def close(self) -> None:
        """Start no more; what is being asked for may still happen."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, request: Callable[..., Any], **asked: Any) -> Any:
        """The answer.

        Raises:
            FileNotFoundError: What the request names isn't there.
            DependencyAway: No answer, or none but errors.
        """
        try:
            return await self._retrying(self._once, request, asked)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in GONE:
                raise FileNotFoundError(code) from error
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == FORBIDDEN:
                refusals.note(error.operation_name, asked.get("Key") or asked.get("Prefix") or "")
            raise DependencyAway("object-store", code) from error
        except (BotoCoreError, TimeoutError, OSError) as error:
            raise DependencyAway("object-store", type(error).__name__) from error

    async def _once(self, request: Callable[..., Any], asked: dict[str, Any]) -> Any:
        async with asyncio.timeout(self._seconds):
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: request(**asked))


async def until_empty(attempt: Callable[[list[T]], Awaitable[list[T]]], items: list[T]) -> list[T]:
    """Call `attempt` with what is left of `items`, a few times; the answer is what is left in the end."""
    left = items

    async def again() -> list[T]:
        nonlocal left
        left = await attempt(left)
        return left

    retrying = AsyncRetrying(
        retry=retry_if_result(bool),
        stop=stop_after_attempt(ATTEMPTS),
        wait=WAIT,
        retry_error_callback=lambda _state: left,
    )
    return await retrying(again)


def _worth_repeating(error: BaseException) -> bool:
    if isinstance(error, ClientError):
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status >= SERVER_ERROR or error.response["Error"]["Code"] in {"SlowDown", "RequestTimeout"}
    return isinstance(error, BotoCoreError | TimeoutError | OSError)

"""A mail server for tests that answers as told, step by step, on a free port, and counts what it sees.

aiosmtpd speaks the protocol well (test_smtp.py runs it too); this one speaks it badly on purpose.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

OK = "250 ok"
SILENT = "silent"
HANG_UP = "hang up"
Reply = str | list[str]
"""What is said at a step; a list is used up in turn, its last for all that follow."""


@dataclass
class Script:
    greeting: Reply = "220 relay"
    ehlo: Reply = "250-relay\r\n250 SIZE 0"
    mail: Reply = OK
    rcpt: Reply = OK
    data: Reply = "354 go on"
    dot: Reply = OK
    rset: Reply = OK
    interrupt: str = ""
    interrupt_after: int = 1000


@dataclass
class Relay:
    """`script.interrupt` is said after `interrupt_after` octets of a message, and then the connection ends."""

    script: Script = field(default_factory=Script)
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    port: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self.drop()
        if self._server is not None:
            self._server.close()

    def drop(self) -> None:
        """Reset every connection, as a restarted server's kernel does."""
        for writer in self._writers:
            writer.transport.abort()

    def verbs(self) -> list[str]:
        return [command.split(" ")[0] for command in self.commands]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        self._writers.discard(writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await self._say(writer, self.script.greeting)
        while said and not said.startswith("421"):
            line = (await reader.readline()).decode().strip()
            self.commands.append(line)
            if not line or line == "QUIT":
                return
            said = await self._answer(line.split(" ")[0], reader, writer)

    async def _answer(self, verb: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        script = self.script
        if verb != "DATA":
            steps = {"EHLO": script.ehlo, "MAIL": script.mail, "RCPT": script.rcpt, "RSET": script.rset}
            return await self._say(writer, steps[verb])
        said = await self._say(writer, script.data)
        if not said.startswith("354"):
            return said
        if script.interrupt:
            await reader.readexactly(script.interrupt_after)
            await self._say(writer, script.interrupt)
            return ""
        self.messages.append(await _message(reader))
        self.arrived.set()
        return await self._say(writer, script.dot)

    async def _say(self, writer: asyncio.StreamWriter, what: Reply) -> str:
        reply = what if isinstance(what, str) else (what.pop(0) if len(what) > 1 else what[0])
        if reply == SILENT:
            await self._over.wait()
        if reply in {SILENT, HANG_UP}:
            return ""
        writer.write(f"{reply}\r\n".encode())
        await writer.drain()
        return reply


async def _message(reader: asyncio.StreamReader) -> bytes:
    lines: list[bytes] = []
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            raise ConnectionResetError
        lines.append(line.removeprefix(b"."))
    return b"".join(lines)

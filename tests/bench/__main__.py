"""`make bench`: every measurement as a line of JSON, each beside its peer or floor in the same run.

python -m tests.bench            all of them
python -m tests.bench runtime    those whose module's name contains a word
"""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

from services._runtime import topic_admin
from services._runtime.settings import KafkaSettings
from tests.providers.choice import make_cluster


def main(words: list[str]) -> int:
    """Run the chosen modules' `measurements()` against one cluster; the exit status says if a bound was missed."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    chosen = [name for name in modules if not words or any(word in name for word in words)]
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        cluster = make_cluster(Path(folder))
        cluster.open()
        try:
            os.environ.update(cluster.environment)
            topic_admin.apply_now(KafkaSettings())
            for name in chosen:
                for line in importlib.import_module(f"tests.bench.{name}").measurements():
                    missed += not line["ok"]
                    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
                    sys.stdout.flush()
        finally:
            cluster.close()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

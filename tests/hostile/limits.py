"""Submissions that take more than they may: time, memory, processes, files, room on the line."""

from . import MEMORY, SECONDS, C, Case, W, X, before, changed

FAMILY = """
import subprocess, sys, time

for _ in range(2):
    subprocess.Popen([sys.executable, "-c", "import time; block = bytearray(b'1') * 400_000_000; time.sleep(10**6)"])
time.sleep(10**6)
"""
CROWD = """
import os, time

for _ in range(200):
    try:
        if os.fork() == 0:
            time.sleep(10**6)
    except OSError:
        break
time.sleep(10**6)
"""
DEEP = "import os\nfor _ in range(1500):\n    os.mkdir('a' * 50)\n    os.chdir('a' * 50)"
CLOSED = "import os\nos.mkdir('closed', 0)\nos.makedirs('x/y/z')\nos.chmod('x', 0)\nos.mkfifo('pipe')\nos.symlink('/', 'root')"
MANY = "import os, time\nfor number in range(60_000):\n    os.close(os.open(str(number), os.O_CREAT))\ntime.sleep(10**6)"
NAMELESS = """
import os, time

for number in range(20):
    file = open("big", "wb")
    file.write(bytes(60_000_000))
    os.dup(file.fileno())
    os.unlink("big")
time.sleep(10**6)
"""


LIMITS = {
    "loops": Case(
        "Never ends.",
        "Ended after its seconds; the rest is not reached.",
        changed(total="while True:\n    pass"),
        (C, X, X),
        f"in cell 5 of the code the time of {SECONDS} s was over",
        slow=True,
    ),
    "loops in the answer": Case(
        "An answer never ends.",
        "Ended after its seconds.",
        changed(double="def double(array):\n    while True:\n        pass"),
        (X, X, X),
        f"in cell 4 of the code the time of {SECONDS} s was over",
        slow=True,
    ),
    "sleeps": Case(
        "Sleeps.",
        "Ended after five times its seconds.",
        changed(total="import time\ntime.sleep(10**6)"),
        (C, X, X),
        f"the time of {SECONDS} s was over",
        slow=True,
    ),
    "stops": Case(
        "Stops itself with a signal.",
        "Ended after five times its seconds.",
        changed(total="import os\nos.kill(os.getpid(), 19)"),
        (C, X, X),
        f"the time of {SECONDS} s was over",
        slow=True,
    ),
    "eats memory": Case(
        "Takes all memory.",
        "A MemoryError; the next cells run.",
        changed(total="blocks = []\nwhile True:\n    blocks.append(bytearray(2**24))"),
        (C, X, C),
        "NameError",
        note="Cell 5 of the code stops with MemoryError",
    ),
    "family eats memory": Case(
        "Two children take more than it may.",
        "Ended.",
        changed(total=FAMILY),
        (C, X, X),
        f"more than {MEMORY} MB of memory were taken",
        slow=True,
    ),
    "crowd": Case("200 processes.", "Ended, all of them.", changed(total=CROWD), (C, X, X), "more than 64 processes ran at once"),
    "large answer": Case(
        "An answer of 64 MB.",
        "Wrong.",
        changed(double="import numpy as np\n\ndef double(array):\n    return np.zeros(2**23)"),
        (W, C, C),
        "that is an array of 64 MB; the grader takes 2 MB",
    ),
    "long list": Case(
        "A list of a million numbers.",
        "Wrong.",
        changed(check_total="ex.q1_2.check(list(range(10**6)))"),
        (C, W, C),
        "the grader takes 4 MB",
        slow=True,
    ),
    "range": Case(
        "`range(40_000_000)` as an answer.",
        "Wrong; the grader's memory is bounded.",
        changed(check_total="ex.q1_2.check(range(40_000_000))"),
        (C, W, C),
        "that is a range of 40,000,000 numbers",
    ),
    "no end": Case(
        "An iterator without end.",
        "Wrong.",
        changed(check_total="import itertools\nex.q1_2.check(itertools.count())"),
        (C, W, C),
        "count again",
        slow=True,
    ),
    "nested": Case(
        "A list in a list in a list, 100,000 times.",
        "Wrong.",
        changed(check_total="nest = []\nfor _ in range(10**5):\n    nest = [nest]\nex.q1_2.check(nest)"),
        (C, W, C),
        "RecursionError",
        slow=True,
    ),
    "numbers of all kinds": Case(
        "5 as a Fraction, then as a Decimal.",
        "All right.",
        changed(check_total="import decimal, fractions\nex.q1_2.check(fractions.Fraction(10, 2))\nex.q1_2.check(decimal.Decimal(5))"),
        slow=True,
    ),
    "checks itself": Case(
        "An answer that checks itself.",
        "The inner check does nothing.",
        changed(double="def double(array):\n    ex.q1_1.check(double)\n    return 2 * array"),
        slow=True,
    ),
    "crashes": Case(
        "`os._exit(0)`.",
        "Ended there; what came before counts.",
        changed(total="import os\n\nos._exit(0)"),
        (C, X, X),
        "in cell 5 of the code the program ended by itself",
    ),
    "crashes with a child": Case(
        "The same, and a child that holds the line.",
        "Ended at once.",
        changed(total="import os, time\nif os.fork():\n    os._exit(0)\ntime.sleep(10**6)"),
        (C, X, X),
        "the program ended by itself",
        slow=True,
    ),
    "segfault": Case(
        "A segmentation fault.",
        "Ended there.",
        changed(total="import ctypes\n\nctypes.string_at(0)"),
        (C, X, X),
        "in cell 5 of the code the program ended by itself",
        slow=True,
    ),
    "exits": Case(
        "`sys.exit`, `exit()`, `quit()`.",
        "Only that cell stops.",
        changed(total="import sys\n\nexit()\nsys.exit('enough')"),
        (C, X, C),
        "NameError",
        slow=True,
    ),
    "exits in the answer": Case(
        "`sys.exit()` in an answer.",
        "Wrong.",
        changed(double="import sys\n\ndef double(array):\n    sys.exit()"),
        (W, C, C),
        "your function stops with SystemExit",
        slow=True,
    ),
    "prints": Case("100 MB of output.", "All right.", before("for _ in range(100):\n    print('x' * 10**6)"), slow=True),
    "large file": Case(
        "A file above 64 MB.",
        "Only that cell stops.",
        changed(total="open('big', 'wb').write(bytes(2**26 + 1))"),
        (C, X, C),
        "NameError",
        slow=True,
    ),
    "nameless files": Case(
        "1.2 GB in files that stand in no folder.", "Ended.", changed(total=NAMELESS), (C, X, X), "GB was written", slow=True
    ),
    "many files": Case(
        "60,000 empty files.", "Ended; none is left.", changed(total=MANY), (C, X, X), "more than 5,000 files and folders were made"
    ),
    "deep folders": Case("1,500 folders in one another.", "Graded or ended; none is left.", before(DEEP), None, slow=True),
    "closed folders": Case(
        "Folders without rights, a pipe, a link to /.", "Graded or ended; none is left.", before(CLOSED), None, slow=True
    ),
}

"""The script's marks and the benchmark's last words."""

from bench.report import report
from bench.result import Part, Result
from bench.script import parts


def result(what: str, seconds: float) -> Result:
    split: dict[Part, float] = {"engine": 1, "SSH and transfer": 2, "components": seconds - 3}
    return Result(what, seconds, (3, 4), split, [])


def test_until_kubeadm_runs_things_are_moved() -> None:
    marks = [(0.0, "begun"), (8.0, "kubeadm init"), (20.0, "done")]
    assert parts(marks, 21) == {"engine": 0, "SSH and transfer": 8, "components": 13}


def test_the_ratio_is_of_medians() -> None:
    ours = [[result(name, one) for one in seconds] for name, seconds in (("a", (30, 90, 20)), ("b", (60, 60, 60)))]
    told = report(ours, [result("script", one) for one in (40, 60, 80)])
    assert told.splitlines()[-2:] == [
        f"{name} takes {ratio} times as long as the script" for name, ratio in (("a", "0.50"), ("b", "1.00"))
    ]
    assert "20.0 to 90.0" in told

"""`python -m benchmarks`: measure the production server. docs/benchmarks.md says what it means."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

_LATEST = "benchmarks/results/latest.json"


def main() -> int:
    """Measure what the command line asks for; the exit status is 1 when anything went wrong."""
    options = _arguments()
    # Not at the top: each load process imports this module anew, and must start quickly.
    from benchmarks.load import LoadFailed
    from wrencos_core.errors import StartupError

    try:
        if options.profile:
            from benchmarks.profiling import profile

            profile(options.profile, products=options.products)
        else:
            _measure(options)
    except (LoadFailed, StartupError, RuntimeError) as error:
        print(f"The benchmark failed: {error}", file=sys.stderr)
        return 1
    return 0


def _measure(options: argparse.Namespace) -> None:
    from benchmarks import report
    from benchmarks.measure import Figures, measure
    from benchmarks.scenarios import BARE, SCENARIOS, Scenario
    from benchmarks.seed import seeded
    from benchmarks.server import databases, stage

    chosen = [SCENARIOS[name] for name in SCENARIOS if name in (options.only or SCENARIOS)]
    groups = [scenario.users for scenario in chosen if scenario.users]
    how: dict[str, Any] = {
        name: getattr(options, name) for name in ("seconds", "connections", "processes")
    }
    with databases(public_cache=not options.no_cache) as base:
        print(f"Seeding {options.products} products ...", file=sys.stderr)
        with seeded(base, options.products, groups, options.connections) as shop:
            pass
        with stage(base, options.workers) as servers:

            def run(scenario: Scenario) -> Figures:
                print(f"{scenario.title} ...", file=sys.stderr)
                server = servers.bare if scenario is BARE else servers.shop
                return measure(scenario, server, base, shop, **how)

            bare, measured = [run(BARE)], []
            for scenario in chosen:
                measured.append(run(scenario))
                bare.append(run(BARE))
    how |= {"workers": options.workers, "products": options.products}
    result = report.build(bare, measured, how)
    if options.json:
        report.write(result, options.json)
    if not options.no_latest:
        report.write(result, report.LATEST)
    report.show(result)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ("list", "detail", "search", "add", "checkout", "login")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the report there")
    parser.add_argument("--no-latest", action="store_true", help=f"do not write {_LATEST}")
    parser.add_argument("--seconds", type=_positive, default=8.0, help="length of a measurement")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--products", type=int, default=1000, help="products in the shop")
    parser.add_argument("--workers", type=int, default=2, help="web workers")
    parser.add_argument("--connections", type=int, default=32, help="clients at once")
    parser.add_argument(
        "--no-cache", action="store_true", help="remember no page of the catalogue for visitors"
    )
    parser.add_argument("--processes", type=int, default=2, help="load processes")
    parser.add_argument(
        "--profile", choices=names, metavar="NAME", help="show where the time of one goes instead"
    )
    return parser.parse_args()


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 600:
        raise argparse.ArgumentTypeError("must be above 0 and at most 600")
    return value


if __name__ == "__main__":
    sys.exit(main())

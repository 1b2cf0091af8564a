"""What a campaign found: figures to read, and checks that hold or do not."""

from dataclasses import dataclass, field

SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold.

    Attributes:
        violations: A line each; none where it holds.
    """

    name: str
    violations: list[str]


@dataclass(slots=True)
class Report:
    """The outcome of a campaign.

    Attributes:
        figures: In the order in which they are shown.
    """

    figures: dict[str, str] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)

    def check(self, name: str, violations: list[str]) -> None:
        """Note a check."""
        self.checks.append(Check(name, violations))

    @property
    def violated(self) -> dict[str, list[str]]:
        """The checks that do not hold, with what violates them."""
        return {check.name: check.violations for check in self.checks if check.violations}

    def table(self) -> str:
        """Return all of it as text."""
        width = max(map(len, (*self.figures, *(check.name for check in self.checks))), default=0)
        lines = [f"{name:<{width}}  {figure}" for name, figure in self.figures.items()]
        for check in self.checks:
            lines.append(f"{check.name:<{width}}  {len(check.violations) or 'holds'}")
            lines += [f"    {violation}" for violation in check.violations[:SHOWN_MAX]]
            if len(check.violations) > SHOWN_MAX:
                lines.append(f"    and {len(check.violations) - SHOWN_MAX} more")
        return "\n".join(lines)

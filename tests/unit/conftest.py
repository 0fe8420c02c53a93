"""How many examples Hypothesis tries: few while one works, more in CI.

Another profile is asked for by the variable HYPOTHESIS_PROFILE.
"""

from __future__ import annotations

import os

from hypothesis import settings

# A loaded machine is no bug: no example has a deadline.
settings.register_profile("dev", max_examples=30, deadline=None)
settings.register_profile("deterministic", settings.get_profile("dev"), derandomize=True)
settings.register_profile("ci", max_examples=100, deadline=None, print_blob=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") == "true" else "dev")
)

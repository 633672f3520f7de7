"""Passwords for the demonstration: made anew by every installation, readable, and never the same twice."""

import secrets

WORDS = (
    "amber", "anchor", "apricot", "arbor", "autumn", "bamboo", "basil", "beacon", "birch", "breeze", "brook",
    "cabin", "camel", "canoe", "canyon", "cedar", "cello", "cherry", "chess", "clover", "cobalt", "comet",
    "copper", "coral", "cotton", "cradle", "crane", "cypress", "dahlia", "delta", "dolphin", "drum", "eagle",
    "ember", "fable", "falcon", "fern", "ferry", "fiddle", "flint", "forest", "fossil", "galaxy", "garden",
    "ginger", "glacier", "granite", "grove", "hammock", "harbor", "hazel", "heron", "hickory", "honey", "horizon",
    "iris", "island", "ivory", "jade", "jasmine", "jetty", "juniper", "kettle", "kite", "lagoon", "lantern",
    "lark", "laurel", "lemon", "lilac", "linen", "lotus", "lunar", "magnet", "mango", "maple", "marble", "meadow",
    "melon", "mirror", "mosaic", "nectar", "nickel", "nutmeg", "oak", "ocean", "olive", "opal", "orchard",
    "otter", "oyster", "paddle", "pagoda", "papaya", "pearl", "pebble", "pepper", "pine", "planet", "plum",
    "pollen", "poplar", "prairie", "quartz", "quill", "rabbit", "raven", "reed", "ribbon", "river", "robin",
    "rosemary", "saffron", "sailor", "sesame", "shadow", "silver", "spruce", "summit", "sunset", "swallow",
    "tango", "thistle", "thunder", "timber", "topaz", "tulip", "turtle", "valley", "velvet", "violet", "walnut",
    "willow", "window", "winter", "zenith", "zephyr",
)  # fmt: skip


def new_password() -> str:
    """Return three words and three digits, e.g. ``cedar-lantern-otter-482`` (about 31 bits; sign-ins lock out)."""
    words = "-".join(secrets.choice(WORDS) for _n in range(3))
    return f"{words}-{secrets.randbelow(900) + 100}"

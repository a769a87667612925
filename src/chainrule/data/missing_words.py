"""Words that stand for a missing value: few in text, where they may be a value; more between numbers."""

from __future__ import annotations

__all__ = ["IN_NUMBERS", "IN_TEXT"]

#: In text, as they are written.
IN_TEXT = (
    "",
    "?",
    "NA",
    "N/A",
    "n/a",
    "NaN",
    "nan",
    "NULL",
    "null",
    "#N/A",
    "<NA>",
    "\\N",
    "#NULL!",
    "#N/A N/A",
)
#: Between numbers, in lower case: what pandas, R, SPSS, MySQL and spreadsheets in three languages write, and people.
IN_NUMBERS = frozenset(
    (
        *(word.lower() for word in IN_TEXT),
        *("none", "nil", "na.", "n.a.", "n.a", "n. a.", "<na>", "(null)", "-nan"),
        *("1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind", "nat", "not available"),
        *("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "#n/a", "#na"),
        *("#wert!", "#nv", "#bezug!", "#name!", "#zahl!", "#valeur!", "#nombre!"),
        *("#calc!", "#spill!", "#getting_data", "#####", "########"),
        *("-", "--", "---", "–", "—", ".", "..", "...", "…", "*", "/"),
        *("missing", "unknown", "unk", "not applicable", "not recorded", "no data"),
        *("nd", "n.d.", "n/d", "n/s", "nr", "n/r", "(blank)", "(empty)", "blank"),
        *("unbekannt", "fehlt", "fehlend", "k.a.", "k. a.", "k.a", "keine angabe"),
        *("keine", "leer", "(leer)", "inconnu", "manquant", "non disponible"),
        *("non renseigné", "(vide)", "vide", "s.o.", "desconocido", "sin dato"),
    )
)

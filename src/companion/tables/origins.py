"""Where each trial behind the verdicts came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from companion.paper.measured import Measured
from companion.tables.cells import NOTHING


def provenance(measured: Measured, artefact: str) -> pd.DataFrame:
    """Where each trial of an artefact came from."""
    rows = []
    for row in measured.rows(artefact):
        for record in measured.records(artefact, row):
            made: Mapping[str, Any] = record.provenance
            rows.append(
                {
                    "row": row,
                    "seed": record.trial.seed,
                    "trial": record.id[:16],
                    "data": f"{record.trial.data['name']} {str(record.trial.data.get('fingerprint', ''))[:8]}",
                    "kept epoch": f"{record.best_epoch} of {record.trial.recipe.epochs}",
                    "minutes": f"{made.get('wall_seconds', float('nan')) / 60:.1f}",
                    "torch": made.get("torch", NOTHING),
                    "commit": str(made.get("commit", NOTHING))[:10],
                    "finished": str(made.get("finished", NOTHING))[:10],
                }
            )
    columns = ["row", "seed", "trial", "data", "kept epoch", "minutes", "torch", "commit", "finished"]
    return pd.DataFrame(rows, columns=columns).set_index(["row", "seed"])

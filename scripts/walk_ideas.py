"""Walk through a series of ideas on the demo's data and write docs/walkthrough.md.

Every command is really run and what it printed stands below it:

    python scripts/walk_ideas.py WORKSPACE --out docs/walkthrough.md

WORKSPACE is made anew, but for its cache: where embeddings are there from an earlier walk, a run
takes seconds.
"""

from walk import Step, arguments_of, page, prepare

TITLE = "# Twelve ideas, good and bad\n\n"

SMALL = "--set image_size=128"
LAYERS = '["blocks.3.0.bn1:mean", "blocks.4.1.bn1:mean", "blocks.5.0.bn1:mean"]'
MIDDLE = f"{SMALL} --set power=0.5 --set 'pooling={LAYERS}'"
LEARNED = f"{MIDDLE} --set whiten=learned --set whiten_shrink=0.15"
PROJECTED = (
    f"{LEARNED} --set projection=512 --set dropout=0.5 --set epochs=15 --set scale=24.0 "
    "--set classes_per_batch=64 --set weight_decay=0.0"
)


STEPS = (
    Step(TITLE + """The demo's drawings: the same emoji, drawn by four
vendors. A query is a drawing, and another vendor's drawing of the same emoji is to be found among
all others. Ideas are judged on val; test is not looked at. Every command was run, and what it
printed stands below it; the page is written by

    python scripts/walk_ideas.py WORKSPACE --out docs/walkthrough.md

## A place to begin from

First the simplest thing, with its reason."""),
    Step("", "atarimae add emoji/labels.csv"),
    Step("", f'atarimae fit --because "baseline: what ImageNet knows" {SMALL}', "baseline"),
    Step("""## Ideas, good and bad

Every idea says before what it should gain. `--expect` is written down with the reason, and can't be
changed afterwards. The parent is the best run so far."""),
    Step("", 'atarimae fit --because "no direction should drown the others" --expect +0.05 '
         f"{SMALL} --set whiten=pca", "pca"),
    Step("Simpler pooling. It should not matter much:",
         'atarimae fit --because "the mean is simpler than GeM" --expect=-0.005 '
         f"{SMALL} --set whiten=pca --set 'pooling=[\"last:mean\"]'", "mean"),
    Step("Strokes are a matter of the middle layers, things of the last:",
         f'atarimae fit --because "middle layers see strokes" --expect +0.05 {MIDDLE} '
         "--set whiten=pca", "middle"),
    Step("What varies between the vendors of one emoji should not count:",
         f'atarimae fit --because "shrink what varies within a class" --expect +0.03 {LEARNED}',
         "learned"),
    Step("If a little shrinking is good, is more better?",
         'atarimae fit --because "more shrinking" --expect +0.01 '
         f"{MIDDLE} --set whiten=learned --set whiten_shrink=0.6", "shrunk"),
    Step("A trained layer on top:",
         'atarimae fit --because "a trained projection learns the rest" --expect +0.02 '
         f"{PROJECTED}",
         "projected"),
    Step("Everybody's next question: the other losses.",
         'atarimae fit --because "a margin of the cosine is as good" --expect 0 '
         f"{PROJECTED} --set loss=cosface", "cosface"),
    Step("", 'atarimae fit --because "pairs instead of centres" --expect +0.01 '
         f"{PROJECTED} --set loss=multisimilarity", "pairs"),
    Step("Dropout of a half looks like a lot for so small a layer:",
         f'atarimae fit --because "so small a layer needs no dropout" --expect +0.005 '
         f"{PROJECTED} --set dropout=0.0", "dropout"),
    Step("More room:",
         'atarimae fit --because "twice the numbers" --expect +0.005 '
         f"{PROJECTED} --set projection=1024", "wide"),
    Step("And a bad idea, to see that it is caught:",
         'atarimae fit --because "a huge margin" --expect 0 '
         f"{PROJECTED} --set margin=1.2", "margin"),
    Step("""## What came of them

One line a run, the best first:""", "atarimae runs --sort -score"),
    Step("One against the other, with what it costs:", "atarimae compare {learned} {projected}"),
    Step("""## Is it more than the seed?

The verdicts above know how much the queries vary, not how much the seed does. Four more seeds of
the trained recipe tell:""", "atarimae noise {projected} --seeds 5"),
    Step("From now on every verdict on this recipe counts that in, and averages over the seeds:",
         "atarimae compare {learned} {projected}"),
    Step("""## Cheaply first

The next ideas go up the stages as far as they get. Where the parent has no run at a stage, one is
made first.""", f'atarimae fit --stage auto --because "a softer scale" {PROJECTED} '
         "--set scale=12.0 --parent {projected}", "softer"),
    Step("", f'atarimae fit --stage auto --because "raw numbers, not their roots" {PROJECTED} '
         "--set power=1.0 --parent {projected}", "raw"),
    Step("", "atarimae gate"),
    Step("""## What was learned

Notes stay with the runs, and can be searched.""",
         'atarimae note {dropout} '
         '--conclusion "see the verdict: half the layer may well be dropped" --tag dropout'),
    Step("", "atarimae runs --where \"dropout < 0.5 and projection = 512\""),
    Step("The ledger: each idea with what was expected and what came, how often expectations were "
         "right, and what helped on the way to the best run.", "atarimae ledger"),
    Step("A text to paste to a colleague:", "atarimae show {projected} --brief"),
)  # fmt: skip


def main() -> None:
    """Run every step and write the page."""
    arguments = arguments_of(__doc__)
    prepare(arguments.workspace)
    told = "\n".join(page(arguments.workspace, STEPS)) + "\n"
    arguments.out.write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()

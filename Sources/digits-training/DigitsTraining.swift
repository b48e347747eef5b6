import ArgumentParser

/// Trains a small network on handwritten digits and records the loss of every image: an example of
/// a training loop with an instance tracker in it, and a real one.
@main
struct DigitsTraining: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digits-training",
    abstract:
      "Train on handwritten digits with several workers, recording the loss of every image.",
    discussion: """
      Each worker is a process of its own. The workers share a directory, where they exchange their \
      weights at the end of every epoch and where each keeps its model and its tracker. A worker \
      that was killed goes on where it was when it is started again with the same arguments.

      EXAMPLES:
        for rank in 0 1 2; do
          digits-training train --data digits.csv --directory run --rank $rank --world-size 3 \
      --run-id demo &
        done; wait
        tracker-merge run/worker-*.tracker -o merged.tracker --expect-workers 3
        digits-training train --data digits.csv --directory more --rank 0 --world-size 1 \
      --run-id demo --continue-from run --epochs 40
        digits-training show --data digits.csv --tracker merged.tracker
      """,
    subcommands: [TrainCommand.self, ShowCommand.self])
}

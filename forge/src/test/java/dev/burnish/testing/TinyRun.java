package dev.burnish.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.burnish.Run;
import dev.burnish.concurrent.FaultPoint;
import dev.burnish.concurrent.Stop;
import dev.burnish.concurrent.Stopped;
import dev.burnish.model.LanguageModel;
import dev.burnish.nn.Targets;
import dev.burnish.nn.TokenForest;
import dev.burnish.tensor.KeyedRandom;
import dev.burnish.text.CharacterTokenizer;
import dev.burnish.train.LocalTrainer;
import dev.burnish.train.MicroBatch;
import dev.burnish.train.OptimizerConfig;
import dev.burnish.train.PackedTokens;
import dev.burnish.train.StepReport;
import dev.burnish.train.Trainer;
import dev.burnish.train.checkpoint.Best.Goal;
import dev.burnish.train.checkpoint.Resumable;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import java.util.random.RandomGenerator;

/// A run of a tiny model whose every step depends on all that a checkpoint holds: weights, moments,
/// the schedule, the seed, and a buffer of earlier documents that is trained on again.
public final class TinyRun {
  /// @param every steps between two checkpoints
  /// @param best whether the step of the least loss has one too
  public record Settings(long seed, int steps, int every, boolean best, OptimizerConfig optimizer) {
    static Settings defaults() {
      return new Settings(
          1,
          14,
          2,
          true,
          OptimizerConfig.defaults().withLr(1e-2).withWarmup(3).withSchedule("cosine"));
    }
  }

  private static final String ALPHABET = "abcdefghijklmnop";

  private TinyRun() {}

  /// Trains, and prints every fault point to standard output.
  ///
  /// @param args the point at which this process ends, counted from 1, or 0 for none, or below 0
  ///   for the one at which it is asked to stop, as by Ctrl-C; then those of the run
  public static void main(String... args) {
    int last = Integer.parseInt(args[0]);
    AtomicInteger reached = new AtomicInteger();
    FaultPoint.install(point -> {
      int number = reached.incrementAndGet();
      System.out.println("reached " + number + " " + point);
      if (number == last) {
        Runtime.getRuntime().halt(137);
      }
      if (number == -last) {
        Stop.request();
      }
    });
    train(Arrays.copyOfRange(args, 1, args.length));
  }

  /// Work within a step besides its update: nothing, unless a test has more.
  private static volatile LongConsumer beforeUpdate = _ -> {};

  private static volatile LongConsumer afterUpdate = _ -> {};

  /// Trains, and asks the process to stop within a step, before or after its update, during other
  /// work of the step.
  public static final class Interrupted {
    private Interrupted() {}

    /// @param args `before` or `after`, the step, then those of the run
    public static void main(String... args) {
      long at = Long.parseLong(args[1]);
      LongConsumer ask =
          step -> {
            if (step == at) {
              Stop.request();
            }
            Stop.check();
          };
      if (args[0].equals("before")) {
        beforeUpdate = ask;
      } else {
        afterUpdate = ask;
      }
      try {
        train(Arrays.copyOfRange(args, 2, args.length));
      } catch (Stopped e) {
        System.out.println("stopped");
      }
    }
  }

  /// Trains in this process.
  public static void train(String... args) {
    try (Run<Settings> run = Run.start("tiny", Settings.defaults(), args)) {
      Settings settings = run.settings();
      run.seed(settings.seed());
      CharacterTokenizer tokenizer = CharacterTokenizer.of(ALPHABET);
      Buffer buffer = new Buffer();
      LanguageModel model = TinyModels.llama(tokenizer.vocabularySize(), 1, settings.seed());
      LocalTrainer local =
          new LocalTrainer(model.decoder(), settings.optimizer(), settings.steps());
      Trainer trainer = run.keep(model, tokenizer, local);
      run.keep("buffer", buffer);
      run.checkpointEvery(settings.every());
      if (settings.best()) {
        run.keepBest("loss", Goal.LOWEST);
      }
      for (long step : run.steps(settings.steps())) {
        StepReport report =
            step(trainer, buffer, KeyedRandom.of(settings.seed(), "documents", step), step);
        run.record(report);
        afterUpdate.accept(step);
      }
    }
  }

  private static StepReport step(
      Trainer trainer, Buffer buffer, RandomGenerator random, long number) {
    String fresh =
        random
            .ints(6, 'a', 'a' + ALPHABET.length())
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    PackedTokens batch = document(fresh + buffer.oldest());
    buffer.add(fresh);
    beforeUpdate.accept(number);
    return trainer.step(MicroBatch.ofCrossEntropy(List.of(batch)));
  }

  private static PackedTokens document(String text) {
    TokenForest forest = new TokenForest();
    int node = forest.add(TokenForest.ROOT, text.chars().map(c -> c - 'a').toArray());
    return new PackedTokens(forest, new Targets().addNode(forest, node, 1));
  }

  /// The last few documents.
  private static final class Buffer implements Resumable {
    private final ArrayDeque<String> documents = new ArrayDeque<>();

    void add(String document) {
      documents.addLast(document);
      if (documents.size() > 5) {
        documents.removeFirst();
      }
    }

    String oldest() {
      return documents.isEmpty() ? "" : documents.getFirst();
    }

    @Override
    public byte[] state() {
      return String.join(",", documents).getBytes(UTF_8);
    }

    @Override
    public void resume(byte[] state) {
      documents.clear();
      documents.addAll(List.of(new String(state, UTF_8).split(",", -1)));
    }
  }
}

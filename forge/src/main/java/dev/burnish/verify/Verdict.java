package dev.burnish.verify;

import dev.burnish.verify.losses.GoldenLosses;
import dev.burnish.verify.templates.TemplateCases;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;

/// Whether one thing is as it was recorded.
///
/// @param detail the largest difference, where it first differs, or why it was not compared
public record Verdict(String name, Outcome outcome, String detail) {
  /// The outcome of a comparison.
  public enum Outcome {
    OK,
    FAIL,
    NOT_CHECKED;

    private static Outcome of(boolean passed) {
      return passed ? OK : FAIL;
    }
  }

  private static final double LOSS_TOLERANCE = 1e-6;

  public boolean passed() {
    return outcome == Outcome.OK;
  }

  /// Whether something was compared, and nothing differs.
  public static boolean proven(List<Verdict> verdicts) {
    return verdicts.stream().anyMatch(Verdict::passed)
        && verdicts.stream().noneMatch(verdict -> verdict.outcome() == Outcome.FAIL);
  }

  /// A model's forward, gradients and greedy text.
  public static List<Verdict> model(Path model, Path recorded) {
    return of(ModelVerification.verify(model, recorded));
  }

  /// Supervised steps of a model.
  public static List<Verdict> training(Path model, Path recorded) {
    return of(TrainingVerification.verify(model, recorded));
  }

  private static List<Verdict> of(List<Evidence> evidence) {
    return evidence.stream()
        .map(e -> new Verdict(e.name(), Outcome.of(e.passed()), e.detail()))
        .toList();
  }

  /// Chat templates.
  public static List<Verdict> templates(Path recorded) {
    return TemplateCases.verify(recorded).stream()
        .map(result -> new Verdict(result.name(), Outcome.of(result.passed()), result.difference()))
        .toList();
  }

  /// Tensors that go through the store from one layout to another.
  public static List<Verdict> resharding(Path recorded) {
    return ReshardVerification.verify(recorded).stream()
        .map(result -> new Verdict(result.name(), Outcome.of(result.passed()), result.detail()))
        .toList();
  }

  /// Losses: those that are implemented are compared, the others are listed.
  public static List<Verdict> losses(Path recorded) {
    try {
      return GoldenLosses.verify(recorded, LOSS_TOLERANCE).entries().stream()
          .map(entry ->
              switch (entry) {
                case GoldenLosses.Entry.Checked checked ->
                    new Verdict(
                        checked.key(),
                        Outcome.of(checked.passed()),
                        "difference %.3g".formatted(checked.difference()));
                case GoldenLosses.Entry.Skipped skipped ->
                    new Verdict(skipped.key(), Outcome.NOT_CHECKED, skipped.reason());
              })
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read file=" + recorded + ": " + e, e);
    }
  }
}

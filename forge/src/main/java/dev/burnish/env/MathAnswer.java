package dev.burnish.env;

import dev.burnish.rollout.Reward;
import java.util.Optional;

/// 1 if the marked answer of a completion, after `####` or in `\boxed{}`, equals the target, else
/// 0.
///
/// Equal means exactly equal: rational numbers, roots, multiples of pi, polynomials and quotients
/// of these, sets without order, tuples, intervals with their brackets, matrices. An answer counts
/// only if all of it was understood: a text that cannot be read is equal only to the same text, so
/// that no wrong answer counts as right; an unusual spelling of a right one may count as wrong.
public final class MathAnswer implements Reward {
  private static final String HASHES = "####";

  @Override
  public double evaluate(String prompt, String completion, String target) {
    String right = extract(target).orElse(target);
    return extract(completion).filter(answer -> equal(answer, right)).isPresent() ? 1 : 0;
  }

  /// The last marked answer: the one number of the line after `####`, or the content of `\boxed{}`.
  /// Empty if something that touches it (a sign, a factor, a word such as *million*) makes another
  /// number of it.
  public static Optional<String> extract(String completion) {
    int hashes = completion.lastIndexOf(HASHES);
    int boxed = completion.lastIndexOf("\\boxed");
    return hashes > boxed ? afterHashes(completion) : BoxedAnswer.at(completion, boxed);
  }

  /// The number in the line after the last `####`, without thousands separators and currency; a
  /// fraction, a power or a root as it is written. Empty if there is none, or more than one, or if
  /// anything on the line may change what it is worth.
  public static Optional<String> afterHashes(String text) {
    int hashes = text.lastIndexOf(HASHES);
    if (hashes < 0) {
      return Optional.empty();
    }
    String rest = text.substring(hashes + HASHES.length());
    return AnswerLine.read(rest.lines().findFirst().orElse("").strip());
  }

  /// Whether two answers are the same.
  public static boolean equal(String answer, String target) {
    try {
      return MathText.read(answer).sameAs(MathText.read(target));
    } catch (MathSyntaxException e) {
      String text = MathText.plain(answer);
      return !text.isEmpty() && text.equals(MathText.plain(target));
    }
  }
}

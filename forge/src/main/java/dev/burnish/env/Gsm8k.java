package dev.burnish.env;

import dev.burnish.data.DataFiles;
import dev.burnish.data.DataFiles.OnBadRow;
import dev.burnish.data.DataSource;
import dev.burnish.data.Dataset;
import dev.burnish.data.Row;
import dev.burnish.data.SftExample;
import dev.burnish.rollout.Problem;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// GSM8K: grade-school problems whose solutions end in `#### ` and a number.
public final class Gsm8k {
  private static final Pattern CALCULATION = Pattern.compile("<<[^<>]*>>");

  private Gsm8k() {}

  /// Questions with the number after the last `####`, without thousands separators, as target.
  ///
  /// @param path a JSONL or Parquet file, or a folder as Hugging Face lays it out
  public static Dataset<Problem> load(Path path, OnBadRow onBadRow) {
    return load(DataSource.of(path), onBadRow);
  }

  /// As [#load(Path, OnBadRow)], for one config and split of a folder.
  public static Dataset<Problem> load(DataSource source, OnBadRow onBadRow) {
    return DataFiles.load(source, Gsm8k::sample, onBadRow);
  }

  /// Questions with their worked solutions, for a supervised warm-up.
  public static Dataset<SftExample> solutions(Path path, OnBadRow onBadRow) {
    return DataFiles.load(
        DataSource.of(path),
        row ->
            new SftExample.PromptCompletion(
                row.text("question"), withoutCalculations(row.text("answer"))),
        onBadRow);
  }

  /// The solution without the calculator's annotations `<<48/2=24>>`.
  public static String withoutCalculations(String solution) {
    return CALCULATION.matcher(solution).replaceAll("");
  }

  private static Problem sample(Row row) {
    String answer = row.text("answer");
    String target =
        MathAnswer.afterHashes(answer)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "an answer ends in '#### ' and a number: answer='"
                        + answer.substring(Math.max(0, answer.length() - 40))
                        + "'"));
    return new Problem(row.text("question"), target, row.number());
  }
}

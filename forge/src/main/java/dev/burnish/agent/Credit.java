package dev.burnish.agent;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// How the rewards of an episode's turns become advantages of its answers. Pure.
@FunctionalInterface
public interface Credit {
  /// The advantage of each turn of each episode.
  ///
  /// @param rewards of each turn, of each episode of a group
  /// @param advantages of some episodes, from one number each
  List<double[]> of(List<double[]> rewards, UnaryOperator<double[]> advantages);

  /// Each answer gets the advantage of its episode, from the sum of its rewards.
  static Credit ofEpisodes() {
    return (rewards, advantages) -> {
      double[] sums = rewards.stream().mapToDouble(each -> Arrays.stream(each).sum()).toArray();
      double[] of = advantages.apply(sums);
      return IntStream.range(0, sums.length)
          .mapToObj(i -> {
            double[] turns = new double[rewards.get(i).length];
            Arrays.fill(turns, of[i]);
            return turns;
          })
          .toList();
    };
  }

  /// Each answer gets an advantage from the rewards of its turn and the later ones, compared with
  /// those of the same turn of the group's other episodes.
  ///
  /// @param discount of each turn's reward to the turn before, in [0, 1]
  static Credit ofTurns(double discount) {
    if (!(discount >= 0 && discount <= 1)) {
      throw new IllegalArgumentException(
          "a discount must lie in [0, 1]: discount=" + discount + "; 1 counts all later rewards");
    }
    return (rewards, advantages) -> {
      List<double[]> returns = rewards.stream().map(each -> returns(each, discount)).toList();
      List<double[]> result = returns.stream().map(each -> new double[each.length]).toList();
      int longest = returns.stream().mapToInt(each -> each.length).max().orElse(0);
      for (int turn = 0; turn < longest; turn++) {
        int at = turn;
        int[] there =
            IntStream.range(0, returns.size()).filter(i -> returns.get(i).length > at).toArray();
        double[] of =
            advantages.apply(Arrays.stream(there).mapToDouble(i -> returns.get(i)[at]).toArray());
        for (int i = 0; i < there.length; i++) {
          result.get(there[i])[turn] = of[i];
        }
      }
      return result;
    };
  }

  private static double[] returns(double[] rewards, double discount) {
    double[] returns = rewards.clone();
    for (int turn = returns.length - 2; turn >= 0; turn--) {
      returns[turn] += discount * returns[turn + 1];
    }
    return returns;
  }
}

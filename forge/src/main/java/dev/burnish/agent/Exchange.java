package dev.burnish.agent;

import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Completion;
import dev.burnish.rollout.Segment;
import dev.burnish.rollout.Segment.Given;
import dev.burnish.rollout.Segment.Sampled;
import dev.burnish.rollout.Segment.Source;
import dev.burnish.text.ChatMessage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;

/// A request of an agent, and the answer that it was given.
///
/// @param before the exchange whose tokens the prompt begins with
/// @param prompt all token ids that the policy read
/// @param said what it sampled
/// @param talk the conversation with the answer
@SuppressWarnings("ArrayRecordComponent") // compared by identity alone
record Exchange(Optional<Exchange> before, int[] prompt, Completion said, Talk talk) {
  /// A conversation.
  ///
  /// @param messages as the template is to write them: answers as they were sampled
  /// @param keys by which they are known again
  /// @param setting tools and variables of the template
  record Talk(List<ChatMessage> messages, List<MessageKey> keys, Setting setting) {
    Talk {
      messages = List.copyOf(messages);
      keys = List.copyOf(keys);
    }

    /// Whether another one begins with this one, and has more.
    boolean isBegun(List<MessageKey> others, Setting inSetting) {
      return setting.equals(inSetting)
          && keys.size() < others.size()
          && others.subList(0, keys.size()).equals(keys);
    }
  }

  /// The inputs of a template besides messages.
  record Setting(List<Map<String, Object>> tools, Map<String, Object> variables) {}

  /// The tokens that a next prompt may begin with.
  int[] tokens() {
    return ChatFormat.joined(prompt, said.tokens());
  }

  /// The branches of exchanges. The first one that continues an exchange continues its branch; what
  /// others were given begins a branch.
  ///
  /// @param exchanges in the order of their requests
  /// @param advantages by that order
  static List<Branch> branches(List<Exchange> exchanges, IntToDoubleFunction advantages) {
    IdentityHashMap<Exchange, List<Segment>> ends = new IdentityHashMap<>();
    List<List<Segment>> all = new ArrayList<>();
    for (int turn = 0; turn < exchanges.size(); turn++) {
      Exchange exchange = exchanges.get(turn);
      Optional<List<Segment>> begun = exchange.before().map(ends::remove);
      List<Segment> branch = begun.orElseGet(ArrayList::new);
      branch.add(exchange.given(begun.isPresent()));
      branch.add(Sampled.of(exchange.said(), advantages.applyAsDouble(turn)));
      ends.put(exchange, branch);
      if (begun.isEmpty()) {
        all.add(branch);
      }
    }
    return all.stream().map(Branch::new).toList();
  }

  private Segment given(boolean continues) {
    return continues
        ? new Given(
            Source.ENVIRONMENT,
            Arrays.copyOfRange(prompt, before.orElseThrow().tokens().length, prompt.length))
        : new Given(Source.PROMPT, prompt);
  }
}

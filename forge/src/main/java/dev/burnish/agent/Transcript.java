package dev.burnish.agent;

import dev.burnish.agent.Exchange.Setting;
import dev.burnish.agent.Exchange.Talk;
import dev.burnish.rollout.Branch;
import dev.burnish.rollout.Completion;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplateException;
import dev.burnish.tools.ToolFormat;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntToDoubleFunction;

/// The exchanges of a session, and the tokens by which the next one continues them. Guarded by the
/// lock of its session.
final class Transcript {
  private final ChatFormat format;
  private final Map<Integer, Exchange> exchanges = new TreeMap<>(); // by the order of requests

  Transcript(ChatFormat format) {
    this.format = format;
  }

  /// The beginning of an exchange.
  ///
  /// @param before the exchange that it continues
  /// @param prompt all that the policy reads
  /// @param messages as the template has written them
  /// @param keys of the messages, as the client gave them
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Opening(
      Optional<Exchange> before,
      int[] prompt,
      List<ChatMessage> messages,
      List<MessageKey> keys,
      Setting setting) {}

  /// The tokens of a request's conversation, exact as far as they were sampled here.
  ///
  /// @throws ChatTemplateException if the template refuses the conversation
  Opening open(AgentRequest request) {
    Setting setting = new Setting(request.tools(), request.variables());
    List<MessageKey> keys = request.messages().stream().map(MessageKey::of).toList();
    return longest(keys, setting)
        .flatMap(exchange -> continued(exchange, request.messages(), keys))
        .orElseGet(() -> whole(request.messages(), keys, setting));
  }

  private Opening whole(List<ChatMessage> messages, List<MessageKey> keys, Setting setting) {
    String text = format.template().render(messages, options(setting));
    int[] prompt = format.tokenizer().encode(text);
    return new Opening(Optional.empty(), prompt, messages, keys, setting);
  }

  private Optional<Exchange> longest(List<MessageKey> keys, Setting setting) {
    Optional<Exchange> longest = Optional.empty();
    for (Exchange exchange : exchanges.values()) {
      int shared = longest.map(other -> other.talk().keys().size()).orElse(0);
      if (exchange.talk().keys().size() >= shared && exchange.talk().isBegun(keys, setting)) {
        longest = Optional.of(exchange);
      }
    }
    return longest;
  }

  private Optional<Opening> continued(
      Exchange exchange, List<ChatMessage> asked, List<MessageKey> keys) {
    List<ChatMessage> messages = new ArrayList<>(exchange.talk().messages());
    messages.addAll(asked.subList(messages.size(), asked.size()));
    Setting setting = exchange.talk().setting();
    int[] tokens = exchange.tokens();
    try {
      String text = format.template().render(messages, options(setting));
      return format
          .added(tokens, text)
          .map(added -> ChatFormat.joined(tokens, added))
          .map(prompt -> new Opening(Optional.of(exchange), prompt, messages, keys, setting));
    } catch (ChatTemplateException e) {
      return Optional.empty(); // it wants calls of tools as objects, not as the policy wrote them
    }
  }

  private ChatOptions options(Setting setting) {
    ChatOptions options = format.options();
    Map<String, Object> variables = new HashMap<>(options.variables());
    variables.putAll(setting.variables());
    return options
        .withGenerationPrompt(true)
        .withVariables(variables)
        .withTools(setting.tools().isEmpty() ? options.tools() : setting.tools());
  }

  /// How the policy writes calls of tools, where there are tools.
  Optional<ToolFormat> calls(Opening opening) {
    return options(opening.setting()).tools().isEmpty()
        ? Optional.empty()
        : ToolFormat.of(format.template());
  }

  /// Takes the answer.
  ///
  /// @param number of the request, by which exchanges are in order
  /// @param answer by which it is known again
  void answered(int number, Opening opening, Completion said, MessageKey answer) {
    List<ChatMessage> messages = new ArrayList<>(opening.messages());
    messages.add(ChatMessage.assistant(format.content(said.tokens())));
    List<MessageKey> keys = new ArrayList<>(opening.keys());
    keys.add(answer);
    exchanges.put(
        number,
        new Exchange(
            opening.before(), opening.prompt(), said, new Talk(messages, keys, opening.setting())));
  }

  /// The number of exchanges.
  int size() {
    return exchanges.size();
  }

  /// @param advantages of each exchange, which all tokens of its answer get
  List<Branch> branches(IntToDoubleFunction advantages) {
    return Exchange.branches(List.copyOf(exchanges.values()), advantages);
  }
}

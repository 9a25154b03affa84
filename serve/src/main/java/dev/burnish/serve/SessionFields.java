package dev.burnish.serve;

import dev.burnish.agent.AgentCall;
import dev.burnish.agent.AgentRequest;
import dev.burnish.agent.AgentRequest.Wishes;
import dev.burnish.agent.AgentSession;
import dev.burnish.agent.BudgetUsedUp;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatTemplateException;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;

/// Reads requests of agents. Temperature, cuts and penalties of a request do not count: the policy
/// samples as the run has it, or what it learns would be of another distribution. What would change
/// the distribution in a way that cannot be trained is refused.
final class SessionFields {
  private static final int MAX_TOP_LOGPROBS = 20;
  private static final int MAX_STOP_TEXTS = 16;
  private static final List<String> CHANGES =
      List.of("logit_bias", "structured_outputs", "allowed_token_ids", "bad_words");

  private final Fields fields;

  SessionFields(Fields fields) {
    this.fields = fields;
  }

  /// A request of OpenAI's `/v1/chat/completions`.
  AgentRequest chat(AgentSession session) {
    if (fields.integer("n", 1, Integer.MAX_VALUE).orElse(1) != 1) {
      throw ApiError.invalid("n", "n must be 1 in a session: ask again for another answer");
    }
    CHANGES.forEach(
        name -> fields.refuse(name, "the policy is trained on what it says without it"));
    fields
        .object("response_format")
        .flatMap(format -> format.text("type"))
        .filter(type -> !type.equals("text"))
        .ifPresent(type -> {
          throw ApiError.invalid(
                  "response_format",
                  "response_format must be text: type=%s; ask for the form in the messages"
                      .formatted(type))
              .withCode("unsupported_parameter");
        });
    OptionalInt most = fields.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    return new AgentRequest(
        ChatReader.messages(fields).stream().map(message -> known(message, session)).toList(),
        ChatReader.offered(fields),
        ChatReader.variables(fields),
        new Wishes(
            most.isPresent() ? most : fields.integer("max_tokens", 1, Integer.MAX_VALUE),
            stop("stop"),
            seed(),
            top()));
  }

  /// OpenAI's later name of the system is known to few templates.
  private static ChatMessage known(ChatMessage message, AgentSession session) {
    return message.role().equals("developer") && !session.format().template().mentions("developer")
        ? new ChatMessage("system", message.content(), message.fields())
        : message;
  }

  List<String> stop(String name) {
    List<String> texts = fields.texts(name);
    if (texts.size() > MAX_STOP_TEXTS || texts.stream().anyMatch(String::isEmpty)) {
      throw ApiError.invalid(
          name,
          "%s must have at most %d texts of at least one character: texts=%d"
              .formatted(name, MAX_STOP_TEXTS, texts.size()));
    }
    return texts;
  }

  OptionalLong seed() {
    return fields.integer64("seed", Long.MIN_VALUE, Long.MAX_VALUE);
  }

  private int top() {
    OptionalInt top = fields.integer("top_logprobs", 0, MAX_TOP_LOGPROBS);
    if (top.isPresent() && !fields.flag("logprobs")) {
      throw ApiError.invalid("top_logprobs", "top_logprobs must come with logprobs=true");
    }
    return top.orElse(0);
  }

  /// Begins a call; a refusal becomes one that ends the agent: clients do not try a status of 400
  /// again.
  static AgentCall begin(AgentSession session, AgentRequest request) {
    return refusing(() -> session.begin(request));
  }

  static int count(AgentSession session, AgentRequest request) {
    return refusing(() -> session.numTokens(request));
  }

  private static <T> T refusing(Supplier<T> action) {
    try {
      return action.get();
    } catch (BudgetUsedUp e) {
      throw ApiError.of(ApiError.Kind.INVALID, String.valueOf(e.getMessage()))
          .withCode(
              switch (e.part()) {
                case TOKENS -> "context_length_exceeded";
                case TURNS, TIME -> "session_budget_exceeded";
              });
    } catch (ChatTemplateException e) {
      throw ApiError.invalid(
          "messages", "the model's chat template refuses the messages: " + e.getMessage());
    } catch (IllegalStateException e) {
      throw SessionRoutes.unknown();
    }
  }
}

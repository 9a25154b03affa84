package dev.burnish.data;

import dev.burnish.data.TextConfig.Form;
import dev.burnish.data.TextConfig.Learned;
import dev.burnish.data.TextConfig.TooLong;
import dev.burnish.text.ChatMessage;
import dev.burnish.text.ChatOptions;
import dev.burnish.text.ChatTemplate;
import dev.burnish.text.ChatTemplateException;
import dev.burnish.text.ChatText;
import dev.burnish.text.Encoding;
import dev.burnish.text.Span;
import dev.burnish.text.TextFrame;
import dev.burnish.text.Tokenizer;
import dev.burnish.text.TokenizerException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// Turns examples into the tokens that a model is trained on, with a mask of those that are
/// learned.
///
/// A prompt and its answer that are plain texts are encoded apart, as they are in generation, so
/// that no token reaches over the border; a conversation is encoded whole. Safe for use by many
/// threads at once.
public final class ExampleEncoder {
  private final Tokenizer tokenizer;
  private final Optional<ChatTemplate> template;
  private final TextConfig config;

  /// @param template of the model, if it has one
  public ExampleEncoder(Tokenizer tokenizer, Optional<ChatTemplate> template, TextConfig config) {
    this.tokenizer = tokenizer;
    this.template = template;
    this.config = config;
  }

  /// A document of a row.
  ///
  /// @throws IllegalArgumentException if the row has no known shape, is too long, has nothing to
  ///   learn, or is refused by the chat template
  public TokenizedExample document(Row row) {
    return document(SftExample.of(row), row.place());
  }

  /// A document of an example.
  ///
  /// @param id names the document in later error messages
  /// @throws IllegalArgumentException as [#document(Row)] does
  public TokenizedExample document(SftExample example, String id) {
    return accepted(() -> read(example, id));
  }

  private TokenizedExample read(SftExample example, String id) {
    return switch (example) {
      case SftExample.Conversation conversation -> chat(conversation, id);
      case SftExample.PromptCompletion(String prompt, String completion) ->
          chats()
              ? chat(
                  new SftExample.Conversation(
                      List.of(
                          Messages.turn("user", prompt), Messages.turn("assistant", completion)),
                      List.of(),
                      1),
                  id)
              : answer(start(prompt), ended(nonEmpty(completion)), id);
      case SftExample.PlainText(String text) -> {
        int[] tokens = begun(ended(nonEmpty(text)));
        yield fit(tokens, allFrom(0, tokens.length), id);
      }
    };
  }

  private static String nonEmpty(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("a text to learn is not empty: length=0");
    }
    return text;
  }

  private boolean chats() {
    return config.form() == Form.CHAT && template.isPresent();
  }

  private TokenizedExample answer(int[] prompt, int[] answer, String id) {
    int from = config.learned() == Learned.ALL ? 0 : prompt.length;
    int[] tokens = join(prompt, answer);
    return fit(tokens, allFrom(from, tokens.length), id);
  }

  private TokenizedExample chat(SftExample.Conversation conversation, String id) {
    List<ChatMessage> messages = messages(conversation.messages());
    checkAnswered(conversation);
    ChatOptions options = ChatOptions.defaults().withTools(conversation.tools());
    ChatText text = template().renderWithSpans(messages, options);
    Encoding encoding = tokenizer.encodeWithOffsets(text.text());
    return fit(encoding.ids(), learned(encoding, text.assistant(), conversation), id);
  }

  /// Checks that a conversation has a turn that is learned.
  private void checkAnswered(SftExample.Conversation conversation) {
    List<Map<String, Object>> all = conversation.messages();
    int first = config.learned() == Learned.ALL ? 0 : conversation.promptMessages();
    List<Map<String, Object>> answers = all.subList(Math.min(first, all.size()), all.size());
    boolean learned =
        answers.stream().anyMatch(m -> Messages.isAssistant(m) && !Messages.isContext(m));
    if (!learned && config.learned() != Learned.ALL) {
      throw new IllegalArgumentException(
          "a document must have tokens to learn, those of the assistant's messages: roles=%s%s"
              .formatted(
                  answers.stream().map(m -> m.get("role")).toList(),
                  answers.stream().anyMatch(Messages::isContext)
                      ? "; the assistant's have weight=0"
                      : ""));
    }
  }

  private boolean[] learned(
      Encoding encoding, List<Span> spans, SftExample.Conversation conversation) {
    if (config.learned() != Learned.ALL) {
      return encoding.within(learnedSpans(spans, conversation));
    }
    boolean[] learned = allFrom(0, encoding.size());
    boolean weighted = conversation.messages().stream().anyMatch(Messages::isContext);
    boolean[] context =
        weighted
            ? encoding.within(contextSpans(spans, conversation))
            : new boolean[encoding.size()];
    for (int i = 0; i < learned.length; i++) {
      learned[i] = !context[i];
    }
    return learned;
  }

  /// The parts of the assistant's messages that have the weight 0.
  private static List<Span> contextSpans(List<Span> spans, SftExample.Conversation conversation) {
    List<Map<String, Object>> turns = assistantTurns(conversation, spans);
    return IntStream.range(0, spans.size())
        .filter(i -> Messages.isContext(turns.get(i)))
        .mapToObj(spans::get)
        .toList();
  }

  /// The assistant's parts that count: those of the messages after the prompt, or the last one;
  /// none of weight 0.
  private List<Span> learnedSpans(List<Span> spans, SftExample.Conversation conversation) {
    List<Map<String, Object>> all = conversation.messages();
    List<Map<String, Object>> turns = assistantTurns(conversation, spans);
    int answers =
        countAssistant(
            all.subList(Math.min(conversation.promptMessages(), all.size()), all.size()));
    int wanted = config.learned() == Learned.LAST ? 1 : answers;
    return IntStream.range(Math.max(0, spans.size() - wanted), spans.size())
        .filter(i -> !Messages.isContext(turns.get(i)))
        .mapToObj(spans::get)
        .toList();
  }

  /// The assistant's messages, each of which has a part.
  private static List<Map<String, Object>> assistantTurns(
      SftExample.Conversation conversation, List<Span> spans) {
    List<Map<String, Object>> turns =
        conversation.messages().stream().filter(Messages::isAssistant).toList();
    if (spans.size() != turns.size()) {
      throw new IllegalArgumentException(
          "the chat template marks one part for each message of the assistant: messages=%d parts=%d"
              .formatted(turns.size(), spans.size()));
    }
    return turns;
  }

  private static int countAssistant(List<Map<String, Object>> messages) {
    return (int) messages.stream().filter(Messages::isAssistant).count();
  }

  /// The tokens of a row's preference pair.
  ///
  /// @throws IllegalArgumentException if the row has no known shape, is too long, or is refused by
  ///   the chat template
  public PreferencePair pair(Row row) {
    return pair(PreferenceExample.of(row), row.place());
  }

  /// The tokens of a preference pair.
  ///
  /// @throws IllegalArgumentException as [#pair(Row)] does
  public PreferencePair pair(PreferenceExample example, String id) {
    return accepted(() -> read(example, id));
  }

  private PreferencePair read(PreferenceExample example, String id) {
    return switch (example) {
      case PreferenceExample.Text(String prompt, String chosen, String rejected) ->
          chats()
              ? pair(
                  new PreferenceExample.Chat(
                      List.of(Messages.turn("user", prompt)),
                      List.of(Messages.turn("assistant", chosen)),
                      List.of(Messages.turn("assistant", rejected))),
                  id)
              : fit(start(prompt), ended(chosen), ended(rejected), id);
      case PreferenceExample.Transcript(String prompt, String chosen, String rejected) ->
          fit(start(prompt), ended(chosen), ended(rejected), id);
      case PreferenceExample.Chat chat -> pair(chat, id);
    };
  }

  private PreferencePair pair(PreferenceExample.Chat chat, String id) {
    String chosen = whole(chat, chat.chosen());
    String rejected = whole(chat, chat.rejected());
    String start = start(chat, chosen, rejected);
    return fit(
        tokenizer.encode(start),
        tokenizer.encode(chosen.substring(start.length())),
        tokenizer.encode(rejected.substring(start.length())),
        id);
  }

  private String whole(PreferenceExample.Chat chat, List<Map<String, Object>> answer) {
    List<Map<String, Object>> whole = new ArrayList<>(chat.prompt());
    whole.addAll(answer);
    return render(whole, chat.tools(), false);
  }

  /// The prompt as it is written before both answers. Where the template writes more before an
  /// answer to come than before one that is there, such as an empty thought, only the common part.
  ///
  /// Source: TRL 1.16, `apply_chat_template`.
  private String start(PreferenceExample.Chat chat, String chosen, String rejected) {
    String asking = render(chat.prompt(), chat.tools(), true);
    String asked = render(chat.prompt(), chat.tools(), false);
    String common = common(common(asking, chosen), rejected);
    if (!common.equals(asking) && !common.startsWith(asked)) {
      throw new IllegalArgumentException(
          "the chat template goes on from a prompt with the answer: it writes the prompt otherwise where an answer follows");
    }
    return common;
  }

  private static String common(String one, String other) {
    int length = 0;
    while (length < Math.min(one.length(), other.length())
        && one.charAt(length) == other.charAt(length)) {
      length++;
    }
    return one.substring(0, length);
  }

  private String render(
      List<Map<String, Object>> messages,
      List<Map<String, Object>> tools,
      boolean generationPrompt) {
    ChatOptions options =
        ChatOptions.defaults().withTools(tools).withGenerationPrompt(generationPrompt);
    return template().render(messages(messages), options);
  }

  /// Reports a row that the template or the tokenizer refuses as a bad one.
  private static <T> T accepted(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (ChatTemplateException e) {
      throw new IllegalArgumentException(
          "the chat template takes the conversation: " + e.getMessage(), e);
    } catch (TokenizerException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private ChatTemplate template() {
    return template.orElseThrow(() ->
        new IllegalArgumentException(
            "a conversation needs a model with a chat template; this one has none"));
  }

  /// Messages as templates take them: a content that is not a text, such as that of a tool call,
  /// stays as it is. Calls that the template does not write are written as JSON.
  private List<ChatMessage> messages(List<Map<String, Object>> messages) {
    boolean calls = template().mentions(Messages.CALLS);
    List<ChatMessage> result = new ArrayList<>();
    for (Map<String, Object> message : messages) {
      Map<String, Object> fields = new LinkedHashMap<>(message);
      Object role = fields.remove("role");
      fields.remove(Messages.WEIGHT);
      String content = fields.get("content") instanceof String text ? text : "";
      if (fields.get("content") instanceof String) {
        fields.remove("content");
      }
      String written = calls ? "" : written(fields.get(Messages.CALLS));
      result.add(new ChatMessage(String.valueOf(role), content + written, fields));
    }
    return result;
  }

  private static String written(@Nullable Object calls) {
    List<String> written = new ArrayList<>();
    for (Object call : calls instanceof List<?> list ? list : List.of()) {
      Object function = call instanceof Map<?, ?> map ? map.get("function") : null;
      written.add(JsonMapper.shared().writeValueAsString(function == null ? call : function));
    }
    return String.join("\n", written);
  }

  private TokenizedExample fit(int[] tokens, boolean[] learned, String id) {
    if (tokens.length <= config.maxTokens()) {
      return new TokenizedExample(tokens, learned, id);
    }
    refuseUnlessCut(tokens.length);
    return new TokenizedExample(
        Arrays.copyOf(tokens, config.maxTokens()), Arrays.copyOf(learned, config.maxTokens()), id);
  }

  private PreferencePair fit(int[] prompt, int[] chosen, int[] rejected, String id) {
    int longest = prompt.length + Math.max(chosen.length, rejected.length);
    if (longest <= config.maxTokens()) {
      return new PreferencePair(prompt, chosen, rejected, id);
    }
    refuseUnlessCut(longest);
    int room = Math.max(0, config.maxTokens() - prompt.length);
    return new PreferencePair(
        prompt,
        Arrays.copyOf(chosen, Math.min(room, chosen.length)),
        Arrays.copyOf(rejected, Math.min(room, rejected.length)),
        id);
  }

  private void refuseUnlessCut(int length) {
    if (config.tooLong() == TooLong.REFUSE) {
      throw new IllegalArgumentException(
          "a document of %d tokens exceeds text.maxTokens=%d; raise it, or set text.tooLong=CUT"
              .formatted(length, config.maxTokens()));
    }
  }

  private int[] start(String prompt) {
    return begun(tokenizer.encode(prompt));
  }

  /// Prepends what the tokenizer puts before every plain text, or the begin token that was asked
  /// for.
  private int[] begun(int[] tokens) {
    int[] begin = tokenizer.frame().before();
    if (begin.length == 0 && config.beginToken()) {
      begin = new int[] {tokenizer.beginId().orElseThrow(ExampleEncoder::none)};
    }
    return new TextFrame(begin, new int[0]).around(tokens);
  }

  private static IllegalArgumentException none() {
    return new IllegalArgumentException(
        "text.beginToken needs a tokenizer with a begin token: beginToken=true");
  }

  /// A text's tokens with the end token, where the tokenizer has one and the text does not end in
  /// it.
  private int[] ended(String text) {
    int[] end = tokenizer.endId().stream().toArray();
    return new TextFrame(new int[0], end).around(tokenizer.encode(text));
  }

  private static int[] join(int[] first, int[] second) {
    int[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }

  private static boolean[] allFrom(int from, int length) {
    boolean[] learned = new boolean[length];
    Arrays.fill(learned, from, length, true);
    return learned;
  }
}

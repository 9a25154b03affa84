package dev.burnish.text;

import dev.burnish.jinja.JinjaTemplate;
import dev.burnish.jinja.Rendering;
import dev.burnish.jinja.python.JinjaException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/// The format of a model's conversations: the Jinja template that came with its tokenizer, rendered
/// as transformers renders it. Safe for use by many threads at once.
public final class ChatTemplate {
  private static final String DEFAULT = "default";
  private static final String TOOL_USE = "tool_use";
  private static final String BYTE_ORDER_MARK = "\uFEFF";
  private static final Pattern GENERATION = Pattern.compile("\\{%[-+]?\\s*generation\\b");
  private static final List<String> SPECIAL_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private final Map<String, String> sources;
  private final Map<String, Object> specialTokens;
  private final Map<String, JinjaTemplate> parsed = new ConcurrentHashMap<>();

  private ChatTemplate(Map<String, String> sources, Map<String, ?> specialTokens) {
    this.sources = Map.copyOf(sources);
    this.specialTokens = Map.copyOf(specialTokens);
  }

  /// The template of a folder in Hugging Face layout: `chat_template.jinja`, or `chat_template` in
  /// `tokenizer_config.json`, one or a list of named ones.
  ///
  /// @throws TokenizerException if there is none
  public static ChatTemplate load(Path directory) {
    return of(TokenizerFiles.read(directory))
        .orElseThrow(() ->
            new TokenizerException(
                "no chat template in directory=%s; add %s, or use a model that was trained on chats"
                    .formatted(directory, TokenizerFiles.TEMPLATE)));
  }

  /// A template by its source, without special tokens.
  public static ChatTemplate of(String source) {
    return of(source, Map.of());
  }

  /// A template by its source.
  ///
  /// @param specialTokens what `bos_token`, `eos_token` and so on are
  public static ChatTemplate of(String source, Map<String, String> specialTokens) {
    return new ChatTemplate(Map.of(DEFAULT, source), specialTokens);
  }

  /// The template among a tokenizer's files.
  public static Optional<ChatTemplate> of(TokenizerFiles files) {
    JsonNode config = TokenizerJson.tree(files, TokenizerFiles.CONFIG);
    Map<String, String> sources = new LinkedHashMap<>();
    byte[] file = files.contents().get(TokenizerFiles.TEMPLATE);
    read(TokenizerJson.tree(files, "chat_template.json").path("chat_template"), sources);
    read(config.path("chat_template"), sources);
    if (file != null) {
      String source = new String(file, StandardCharsets.UTF_8);
      sources.put(DEFAULT, source.startsWith(BYTE_ORDER_MARK) ? source.substring(1) : source);
    }
    return sources.isEmpty()
        ? Optional.empty()
        : Optional.of(new ChatTemplate(sources, specialTokens(files, config)));
  }

  private static void read(JsonNode template, Map<String, String> sources) {
    if (template.isString()) {
      sources.put(DEFAULT, template.stringValue());
    }
    if (template.isArray()) {
      for (JsonNode named : template) {
        sources.put(named.path("name").asString(DEFAULT), named.path("template").asString(""));
      }
    }
  }

  private static Map<String, Object> specialTokens(TokenizerFiles files, JsonNode config) {
    JsonNode map = TokenizerJson.tree(files, "special_tokens_map.json");
    Map<String, Object> tokens = new LinkedHashMap<>();
    for (String name : SPECIAL_TOKENS) {
      TokenizerJson.specialToken(config, name)
          .or(() -> TokenizerJson.specialToken(map, name))
          .ifPresent(token -> tokens.put(name, token));
    }
    return tokens;
  }

  /// The source of the template that is used where none is named.
  public String source() {
    return source(DEFAULT);
  }

  /// Whether a template has that word, such as the name of a field that it may write.
  public boolean mentions(String word) {
    return sources.values().stream().anyMatch(source -> source.contains(word));
  }

  private String source(String name) {
    String source = sources.get(name);
    if (source == null) {
      throw new TokenizerException(
          "no chat template of name=%s; there are %s".formatted(name, sources.keySet()));
    }
    return source;
  }

  /// Its effect on earlier turns when one is added.
  public TurnStyle turnStyle(ChatOptions options) {
    return TurnStyle.of(this, options);
  }

  /// The conversation as text.
  ///
  /// @throws ChatTemplateException if the template refuses the conversation, or is malformed
  public String render(List<ChatMessage> messages, ChatOptions options) {
    return rendering(messages, options).text();
  }

  /// The conversation as text, with the assistant's parts: those that the template marks with `{%
  /// generation %}`; where it marks none, what each message of the assistant adds to the text
  /// before it, with the prompt for an answer counted to the text before.
  ///
  /// @throws ChatTemplateException if the template refuses the conversation or a beginning of it
  /// @throws IllegalArgumentException if a message's part cannot be told
  public ChatText renderWithSpans(List<ChatMessage> messages, ChatOptions options) {
    Rendering whole = rendering(messages, options);
    if (GENERATION.matcher(source(name(options))).find()) {
      return new ChatText(
          whole.text(),
          whole.generated().stream().map(part -> new Span(part.start(), part.end())).toList());
    }
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).role().equals("assistant")) {
        spans.add(added(messages, i, options, whole.text()));
      }
    }
    return new ChatText(whole.text(), spans);
  }

  private Span added(List<ChatMessage> messages, int index, ChatOptions options, String whole) {
    List<ChatMessage> before = messages.subList(0, index);
    String prompt = render(before, options.withGenerationPrompt(true));
    if (!whole.startsWith(prompt)) {
      prompt = render(before, options.withGenerationPrompt(false));
    }
    if (!whole.startsWith(prompt)) {
      throw unclear(index);
    }
    int start = prompt.length();
    String upTo = render(messages.subList(0, index + 1), options.withGenerationPrompt(false));
    if (whole.startsWith(upTo) && upTo.length() >= start) {
      return new Span(start, upTo.length());
    }
    return new Span(start, endOfContent(messages.get(index), index, start, whole));
  }

  /// Where the template writes a turn in another way once others follow: the turn ends after its
  /// content and the token that ends sequences.
  private int endOfContent(ChatMessage message, int index, int start, String whole) {
    String content = message.content().strip();
    int at = whole.indexOf(content, start);
    if (content.isEmpty() || at < 0) {
      throw unclear(index);
    }
    int end = at + content.length();
    String endToken = String.valueOf(specialTokens.getOrDefault("eos_token", ""));
    return whole.startsWith(endToken, end) ? end + endToken.length() : end;
  }

  private static IllegalArgumentException unclear(int index) {
    return new IllegalArgumentException(
        "the assistant's part of message=%d cannot be told: the template rewrites what is before it;"
                .formatted(index)
            + " mark it in the template with {% generation %}");
  }

  private String name(ChatOptions options) {
    return sources.containsKey(TOOL_USE)
            && (!options.tools().isEmpty() || !sources.containsKey(DEFAULT))
        ? TOOL_USE
        : DEFAULT;
  }

  private Rendering rendering(List<ChatMessage> messages, ChatOptions options) {
    Map<String, Object> variables = new LinkedHashMap<>(specialTokens);
    variables.put("messages", messages.stream().map(ChatMessage::asMap).toList());
    variables.put("tools", options.tools().isEmpty() ? null : options.tools());
    variables.put("documents", options.documents().isEmpty() ? null : options.documents());
    variables.put("add_generation_prompt", options.generationPrompt());
    variables.putAll(options.variables());
    String name = name(options);
    try {
      return parsed
          .computeIfAbsent(name, _ -> JinjaTemplate.parse(source(name)))
          .render(variables, options.limits(), options.clock());
    } catch (JinjaException e) {
      throw new ChatTemplateException(e.getMessage(), e.reason(), e);
    }
  }
}

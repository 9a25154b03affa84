package dev.burnish.text;

import java.util.Arrays;
import tools.jackson.databind.JsonNode;

/// The tokens that a tokenizer puts before and after every plain text: the post-processor of its
/// `tokenizer.json`. Chat templates write theirs themselves.
///
/// `add_bos_token` and `add_eos_token` of a neighbouring `tokenizer_config.json` do not count:
/// transformers 5 ignores them, since the post-processor says the same.
@SuppressWarnings("ArrayRecordComponent") // token ids travel as arrays everywhere; never compared
public record TextFrame(int[] before, int[] after) {
  public static final TextFrame NONE = new TextFrame(new int[0], new int[0]);

  /// The frame that the `post_processor` of a `tokenizer.json` puts around a single text.
  ///
  /// @throws TokenizerException if it is malformed or of a kind that is not known
  public static TextFrame of(JsonNode postProcessor) {
    if (postProcessor.isMissingNode() || postProcessor.isNull()) {
      return NONE;
    }
    String type = postProcessor.path("type").asString("");
    return switch (type) {
      case "ByteLevel" -> NONE;
      case "TemplateProcessing" -> template(postProcessor);
      case "BertProcessing", "RobertaProcessing" ->
          new TextFrame(pair(postProcessor, "cls"), pair(postProcessor, "sep"));
      case "Sequence" -> sequence(postProcessor.path("processors"));
      default ->
          throw new TokenizerException(
              "post_processor must be ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing or a Sequence of these: type="
                  + postProcessor.path("type"));
    };
  }

  /// Each step wraps the result of those before it.
  private static TextFrame sequence(JsonNode steps) {
    TextFrame frame = NONE;
    for (JsonNode step : steps) {
      TextFrame outer = of(step);
      frame = new TextFrame(join(outer.before, frame.before), join(frame.after, outer.after));
    }
    return frame;
  }

  private static TextFrame template(JsonNode node) {
    int[] before = new int[0];
    int[] ids = new int[0];
    int texts = 0;
    for (JsonNode piece : node.path("single")) {
      JsonNode special = piece.path("SpecialToken").path("id");
      if (special.isString()) {
        ids = join(ids, ids(node.path("special_tokens").path(special.stringValue()), special));
      } else if (piece.has("Sequence")) {
        texts++;
        before = ids;
        ids = new int[0];
      }
    }
    if (texts != 1) {
      throw new TokenizerException(
          "the template of post_processor must hold a single text once: times=" + texts);
    }
    return new TextFrame(before, ids);
  }

  private static int[] ids(JsonNode entry, JsonNode name) {
    JsonNode ids = entry.path("ids");
    if (!ids.isArray() || !ids.valueStream().allMatch(JsonNode::isInt)) {
      throw new TokenizerException(
          "post_processor.special_tokens must give the ids of its tokens: token=" + name);
    }
    return ids.valueStream().mapToInt(JsonNode::intValue).toArray();
  }

  private static int[] pair(JsonNode node, String name) {
    JsonNode id = node.path(name).path(1);
    if (!id.isInt()) {
      throw new TokenizerException(
          "post_processor.%s must be [token, id]: found=%s".formatted(name, node.path(name)));
    }
    return new int[] {id.intValue()};
  }

  /// The ids with those that belong before and after them. A token that the text itself contains
  /// there is not added a second time.
  public int[] around(int[] ids) {
    int[] begun = startsWith(ids, before) ? ids : join(before, ids);
    return endsWith(ids, after) ? begun : join(begun, after);
  }

  private static boolean startsWith(int[] ids, int[] start) {
    return ids.length >= start.length
        && Arrays.equals(ids, 0, start.length, start, 0, start.length);
  }

  private static boolean endsWith(int[] ids, int[] end) {
    int from = ids.length - end.length;
    return from >= 0 && Arrays.equals(ids, from, ids.length, end, 0, end.length);
  }

  private static int[] join(int[] first, int[] second) {
    int[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }
}

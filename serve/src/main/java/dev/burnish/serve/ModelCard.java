package dev.burnish.serve;

import dev.burnish.text.ChatTemplate;
import dev.burnish.text.Tokenizer;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The model that is served, as requests see it.
///
/// @param name under which clients ask for it
/// @param maxLength longest sequence in tokens, prompt and completion together
/// @param vocabulary token ids are below it
/// @param endTokens that end a completion
/// @param defaults of sampling, where a request does not say
/// @param created seconds of the epoch
record ModelCard(
    String name,
    Tokenizer tokenizer,
    Optional<ChatTemplate> template,
    int maxLength,
    int vocabulary,
    List<Integer> endTokens,
    SamplingDefaults defaults,
    long created) {
  /// @throws ApiError if a request asks for another model
  void requireNamed(Fields fields) {
    String asked = fields.text("model").orElse(name);
    if (!asked.equals(name)) {
      throw ApiError.of(
              ApiError.Kind.NOT_FOUND,
              "there is no such model: model=%s; ask for %s, or leave it out"
                  .formatted(asked, name))
          .withCode("model_not_found");
    }
  }

  /// An entry of `/v1/models`.
  ObjectNode toJson() {
    ObjectNode json = JsonMapper.shared().createObjectNode();
    json.put("id", name);
    json.put("object", "model");
    json.put("created", created);
    json.put("owned_by", "burnish");
    json.put("max_model_len", maxLength);
    return json;
  }
}

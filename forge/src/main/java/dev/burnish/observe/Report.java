package dev.burnish.observe;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `report.html`: one page with everything in it, no network needed.
///
/// The run is embedded as JSON that contains no `<`, and the page's script puts text only into text
/// nodes, so that a completion cannot become markup. The size is bounded: steps and samples are
/// limited in number, and long texts are cut.
final class Report {
  private static final int MAX_TEXT = 2_000;
  private static final Set<String> NOT_SHOWN = Set.of("tokens", "logprobs");

  private Report() {}

  static String html(RunFiles files) {
    ObjectNode data = JsonNodeFactory.instance.objectNode();
    data.put("id", files.id());
    data.set("metrics", array(files.metrics()));
    data.set("samples", array(files.samples().stream().map(Report::shown).toList()));
    data.put("config", cut(files.config(), 50 * MAX_TEXT));
    data.set("summary", files.summary());
    String json =
        JsonMapper.shared()
            .writeValueAsString(data)
            .replace("&", "\\u0026")
            .replace("<", "\\u003c")
            .replace("\u2028", "\\u2028")
            .replace("\u2029", "\\u2029");
    return template().replace("{{TITLE}}", escape(files.id())).replace("{{DATA}}", json);
  }

  private static JsonNode shown(JsonNode sample) {
    ObjectNode shown = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> field : sample.properties()) {
      JsonNode value = field.getValue();
      if (value.isString()) {
        shown.put(field.getKey(), cut(value.stringValue(), MAX_TEXT));
      } else if (!NOT_SHOWN.contains(field.getKey())) {
        shown.set(field.getKey(), value);
      }
    }
    return shown;
  }

  private static ArrayNode array(Iterable<JsonNode> nodes) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    nodes.forEach(array::add);
    return array;
  }

  private static String cut(String text, int length) {
    return text.length() <= length
        ? text
        : text.substring(0, length) + " … (" + (text.length() - length) + " more)";
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }

  private static String template() {
    try (var in = Report.class.getResourceAsStream("report.html")) {
      if (in == null) {
        throw new IllegalStateException("report.html is missing from the class path; build again");
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read report.html from the class path", e);
    }
  }
}

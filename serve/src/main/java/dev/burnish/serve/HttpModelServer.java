package dev.burnish.serve;

import dev.burnish.ModelServer;
import dev.burnish.Pretrained;
import dev.burnish.engine.QueuedGenerator;
import dev.burnish.nn.DecoderShape;
import java.nio.file.Path;
import java.time.Instant;
import java.util.stream.IntStream;

/// The server that `burnish serve` starts: an engine over the model, and [InferenceServer] over the
/// engine.
public final class HttpModelServer implements ModelServer {
  /// Called by the JDK, which finds this class as a service.
  public HttpModelServer() {}

  @Override
  public Running start(Pretrained model, Settings settings) {
    ServerSettings server =
        new ServerSettings(
            settings.host(), settings.port(), settings.apiKeys(), ServerSettings.Limits.defaults());
    ModelCard card = card(model, settings.name().orElseGet(() -> name(model)));
    QueuedGenerator engine =
        QueuedGenerator.over(model.model(), model.prompts(), settings.engine());
    try {
      return new Serving(card, engine, InferenceServer.start(server, card, engine));
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  /// @param name under which clients ask for the model
  static ModelCard card(Pretrained model, String name) {
    DecoderShape shape = model.model().decoder().shape();
    return new ModelCard(
        name,
        model.tokenizer(),
        model.template(),
        shape.maxPositions(),
        shape.vocabulary(),
        IntStream.of(model.model().endTokens()).boxed().toList(),
        SamplingDefaults.of(model.model().generationConfig()),
        Instant.now().getEpochSecond());
  }

  /// The last part of the name by which the model was loaded.
  private static String name(Pretrained model) {
    String source = model.model().source().orElse("model");
    if (source.startsWith("hf:")) {
      return source.substring("hf:".length());
    }
    Path last = Path.of(source).toAbsolutePath().normalize().getFileName();
    return last == null ? source : last.toString();
  }

  private record Serving(ModelCard card, QueuedGenerator engine, InferenceServer server)
      implements Running {
    @Override
    public String name() {
      return card.name();
    }

    @Override
    public int port() {
      return server.port();
    }

    @Override
    public void close() {
      server.close();
      engine.close();
    }
  }
}

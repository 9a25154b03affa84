package dev.burnish.cli;

import dev.burnish.ModelServer;
import dev.burnish.Pretrained;
import dev.burnish.concurrent.Stop;
import dev.burnish.concurrent.TerminalText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `burnish serve`: a model behind OpenAI's HTTP interface, until Ctrl-C or SIGTERM.
@Command(
    name = "serve",
    description = "Serve a model over HTTP, as OpenAI's API does.",
    sortOptions = false)
final class ServeCommand implements Callable<Integer> {
  private static final String KEY_VARIABLE = "BURNISH_API_KEY";

  @Mixin private ModelFlags model = new ModelFlags();

  @Option(
      names = "--served-name",
      paramLabel = "NAME",
      description = "The model's name in requests; the last part of MODEL if not given.")
  private @Nullable String servedName;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description =
          "Listen at this address; ${DEFAULT-VALUE} if not given. Another one needs an API key.")
  private String host = "";

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8000",
      description = "Listen at this port; ${DEFAULT-VALUE} if not given, 0 for a free one.")
  private int port;

  @Option(
      names = "--api-key-file",
      paramLabel = "FILE",
      description =
          "Let in requests with a key of this file, one per line, or $" + KEY_VARIABLE + ".")
  private @Nullable Path keyFile;

  @Override
  public Integer call() throws IOException {
    ModelServer.Settings settings =
        new ModelServer.Settings(
            Optional.ofNullable(servedName),
            host,
            port,
            keys(Optional.ofNullable(keyFile), System.getenv()),
            model.engine());
    ModelServer server =
        ServiceLoader.load(ModelServer.class)
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "serve needs the module burnish-serve on the class path; start it with ./burnish serve"));
    try (Stop _ = Stop.listen("when the requests that are being served have ended");
        Pretrained loaded = model.load()) {
      try (ModelServer.Running running = server.start(loaded, settings)) {
        System.err.printf(
            "serving %s at http://%s:%d/v1, weights in %s; Ctrl-C stops it%n",
            TerminalText.clean(running.name()),
            host,
            running.port(),
            WeightFormats.name(model.weights()));
        Stop.interruptibly("serve", ServeCommand::waitForever);
      }
    }
    return 0;
  }

  private static Boolean waitForever() throws InterruptedException {
    new CountDownLatch(1).await();
    return true;
  }

  /// The keys of the file, else the one of the environment.
  ///
  /// @throws IllegalArgumentException if there is a file without a key
  static List<String> keys(Optional<Path> file, Map<String, String> environment)
      throws IOException {
    if (file.isEmpty()) {
      return Optional.ofNullable(environment.get(KEY_VARIABLE))
          .map(String::strip)
          .filter(key -> !key.isEmpty())
          .map(List::of)
          .orElse(List.of());
    }
    List<String> keys =
        Files.readAllLines(file.get()).stream()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .toList();
    if (keys.isEmpty()) {
      throw new IllegalArgumentException(
          "a file of API keys must have one: file=%s; write one per line".formatted(file.get()));
    }
    return keys;
  }
}

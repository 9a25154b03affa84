package dev.burnish.trace;

import dev.burnish.actor.Tracing;
import dev.burnish.trace.TraceSettings.Exporter;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Spans of calls by OpenTelemetry: the caller's of kind `CLIENT`, the callee's of kind `SERVER`
/// within it. The span of a call is current while its endpoint runs, for the user's own spans.
public final class SpanTracing implements Tracing {
  private static final String SCOPE = "dev.burnish";
  private static final Duration DELAY = Duration.ofSeconds(1);
  private static final int TRACE = 16;
  private static final int SPAN = 8;

  private final SdkTracerProvider provider;
  private final Tracer tracer;
  private final AtomicBoolean closed = new AtomicBoolean();

  private SpanTracing(SdkTracerProvider provider) {
    this.provider = provider;
    this.tracer = provider.get(SCOPE);
  }

  /// Tracing of a process, if it is on.
  public static Optional<Tracing> of(TraceSettings settings, String process, String host) {
    if (settings.exporter() == Exporter.NONE) {
      return Optional.empty();
    }
    SpanExporter exporter =
        settings.exporter() == Exporter.FILE
            ? new FileExporter(settings.folder(), process, host)
            : new CollectorExporter(settings.endpoint(), new OtlpEnvironment(System.getenv()));
    Resource resource =
        Resource.create(
            Attributes.of(
                AttributeKey.stringKey("service.name"),
                "burnish",
                AttributeKey.stringKey("service.instance.id"),
                process,
                AttributeKey.stringKey("host.name"),
                host));
    return Optional.of(
        new SpanTracing(
            SdkTracerProvider.builder()
                .setResource(resource)
                .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(settings.share())))
                .addSpanProcessor(
                    BatchSpanProcessor.builder(exporter).setScheduleDelay(DELAY).build())
                .build()));
  }

  @Override
  public Outgoing call(String what) {
    return new Part(tracer.spanBuilder(what).setSpanKind(SpanKind.CLIENT).startSpan());
  }

  @Override
  public Step serve(String what, byte[] context) {
    return new Part(
        tracer
            .spanBuilder(what)
            .setSpanKind(SpanKind.SERVER)
            .setParent(Context.root().with(Span.wrap(read(context))))
            .startSpan());
  }

  @Override
  public <T, R extends @Nullable Object> Function<T, R> carried(Function<T, R> work) {
    Context here = Context.current();
    return value -> {
      try (Scope _ = here.makeCurrent()) {
        return work.apply(value);
      }
    };
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      provider.shutdown().join(2, TimeUnit.SECONDS);
    }
  }

  private static SpanContext read(byte[] context) {
    ByteBuffer in = ByteBuffer.wrap(context);
    byte[] trace = new byte[TRACE];
    byte[] span = new byte[SPAN];
    in.get(trace).get(span);
    return SpanContext.createFromRemoteParent(
        HexFormat.of().formatHex(trace),
        HexFormat.of().formatHex(span),
        TraceFlags.fromByte(in.get()),
        TraceState.getDefault());
  }

  /// A span that is current until it is closed.
  private static final class Part implements Outgoing {
    private final Span span;
    private final Scope scope;

    @SuppressWarnings("MustBeClosedChecker") // it is closed with the part
    Part(Span span) {
      this.span = span;
      this.scope = span.makeCurrent();
    }

    @Override
    public byte[] context() {
      SpanContext context = span.getSpanContext();
      return ByteBuffer.allocate(SIZE)
          .put(context.getTraceIdBytes())
          .put(context.getSpanIdBytes())
          .put(context.getTraceFlags().asByte())
          .array();
    }

    @Override
    public void failed(Throwable thrown) {
      span.setStatus(StatusCode.ERROR, String.valueOf(thrown.getMessage()));
      span.setAttribute("error.type", thrown.getClass().getName());
    }

    @Override
    public void close() {
      scope.close();
      span.end();
    }
  }
}

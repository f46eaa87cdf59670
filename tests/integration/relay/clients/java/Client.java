import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpFullResponse;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.services.ses.SesClient;
import software.amazon.awssdk.services.sesv2.SesV2Client;
import software.amazon.awssdk.services.sesv2.model.BulkEmailEntry;
import software.amazon.awssdk.services.sesv2.model.Destination;
import software.amazon.awssdk.services.sesv2.model.EmailContent;

/** Makes the calls that it reads, a JSON list, and writes what each came to. */
public final class Client {
  private static SesClient v1;
  private static SesV2Client v2;

  /** {@code url}, {@code apache} or {@code jdk} as the HTTP client. */
  public static void main(String[] arguments) throws IOException {
    SdkHttpClient http =
        switch (arguments[0]) {
          case "url" -> UrlConnectionHttpClient.create();
          case "apache" -> Apache5HttpClient.create();
          default -> new JdkClient();
        };
    v1 =
        SesClient.builder()
            .httpClient(http)
            .overrideConfiguration(o -> o.retryStrategy(r -> r.maxAttempts(1)))
            .build();
    v2 =
        SesV2Client.builder()
            .httpClient(http)
            .overrideConfiguration(o -> o.retryStrategy(r -> r.maxAttempts(1)))
            .build();
    List<String> said = new ArrayList<>();
    for (JsonNode call : JsonNode.parser().parse(System.in).asArray()) {
      Map<String, String> answer = new TreeMap<>();
      try {
        perform(call.asObject(), answer);
      } catch (AwsServiceException error) {
        answer.put("code", quoted(error.awsErrorDetails().errorCode()));
        answer.put("status", String.valueOf(error.statusCode()));
      } catch (RuntimeException error) {
        answer.put("code", quoted(String.valueOf(error)));
      }
      List<String> members = new ArrayList<>();
      answer.forEach((name, value) -> members.add(quoted(name) + ": " + value));
      said.add("{" + String.join(", ", members) + "}");
    }
    System.out.println("[" + String.join(", ", said) + "]");
    System.exit(0);
  }

  private static void perform(Map<String, JsonNode> call, Map<String, String> answer) {
    String from = call.get("from").isNull() ? null : call.get("from").asString();
    List<String> to = call.get("to").asArray().stream().map(JsonNode::asString).toList();
    SdkBytes raw = SdkBytes.fromByteArray(Base64.getDecoder().decode(text(call, "raw")));
    String template = text(call, "template");
    switch (call.get("call").asString()) {
      case "v1 simple" ->
          answer.put(
              "id",
              quoted(
                  v1.sendEmail(
                          r ->
                              r.source(from)
                                  .destination(d -> d.toAddresses(to))
                                  .message(
                                      m ->
                                          m.subject(s -> s.data("Hé"))
                                              .body(b -> b.text(t -> t.data("x")))))
                      .messageId()));
      case "v1 raw" ->
          answer.put(
              "id",
              quoted(
                  v1.sendRawEmail(
                          r -> r.source(from).destinations(to).rawMessage(m -> m.data(raw)))
                      .messageId()));
      case "v1 bulk" -> {
        var entries =
            to.stream()
                .map(
                    each ->
                        software.amazon.awssdk.services.ses.model.BulkEmailDestination.builder()
                            .destination(d -> d.toAddresses(each))
                            .build())
                .toList();
        var results =
            v1.sendBulkTemplatedEmail(
                r ->
                    r.source(from)
                        .template(template)
                        .defaultTemplateData("{}")
                        .destinations(entries));
        answer.put(
            "statuses", results.status().stream().map(s -> quoted(s.statusAsString())).toList().toString());
      }
      case "v2 simple" ->
          answer.put(
              "id",
              sent(
                  from,
                  to,
                  EmailContent.builder()
                      .simple(
                          m ->
                              m.subject(s -> s.data("Hé")).body(b -> b.text(t -> t.data("x"))))
                      .build()));
      case "v2 raw" ->
          answer.put("id", sent(from, to, EmailContent.builder().raw(m -> m.data(raw)).build()));
      case "v2 bulk" -> {
        var entries =
            to.stream()
                .map(each -> BulkEmailEntry.builder().destination(d -> d.toAddresses(each)).build())
                .toList();
        var results =
            v2.sendBulkEmail(
                r ->
                    r.fromEmailAddress(from)
                        .defaultContent(
                            c -> c.template(t -> t.templateName(template).templateData("{}")))
                        .bulkEmailEntries(entries));
        answer.put(
            "statuses",
            results.bulkEmailEntryResults().stream()
                .map(s -> quoted(s.statusAsString()))
                .toList()
                .toString());
      }
      case "v2 account" ->
          answer.put("rate", String.valueOf(v2.getAccount(r -> {}).sendQuota().maxSendRate()));
      default -> throw new IllegalArgumentException(String.valueOf(call));
    }
  }

  private static String sent(String from, List<String> to, EmailContent content) {
    Destination destination =
        to.isEmpty() ? null : Destination.builder().toAddresses(to).build();
    return quoted(
        v2.sendEmail(r -> r.fromEmailAddress(from).destination(destination).content(content))
            .messageId());
  }

  private static String text(Map<String, JsonNode> call, String name) {
    return call.containsKey(name) ? call.get(name).asString() : "";
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", " ") + "\"";
  }

  /** The JDK's own client as it comes: over plain HTTP it asks for HTTP/2 by an upgrade. */
  private static final class JdkClient implements SdkHttpClient {
    private static final Set<String> ITS_OWN = Set.of("host", "content-length", "expect");
    private final HttpClient client = HttpClient.newHttpClient();

    @Override
    public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
      var given = request.httpRequest();
      byte[] body =
          request
              .contentStreamProvider()
              .map(
                  provider -> {
                    try (InputStream stream = provider.newStream()) {
                      return stream.readAllBytes();
                    } catch (IOException error) {
                      throw new IllegalStateException(error);
                    }
                  })
              .orElse(new byte[0]);
      var built =
          HttpRequest.newBuilder(given.getUri())
              .method(
                  given.method().name(),
                  body.length == 0
                      ? HttpRequest.BodyPublishers.noBody()
                      : HttpRequest.BodyPublishers.ofByteArray(body));
      given.forEachHeader(
          (name, values) -> {
            if (!ITS_OWN.contains(name.toLowerCase())) {
              values.forEach(value -> built.header(name, value));
            }
          });
      return new ExecutableHttpRequest() {
        @Override
        public HttpExecuteResponse call() throws IOException {
          try {
            return answered(client.send(built.build(), HttpResponse.BodyHandlers.ofByteArray()));
          } catch (InterruptedException error) {
            throw new IOException(error);
          }
        }

        @Override
        public void abort() {}
      };
    }

    private static HttpExecuteResponse answered(HttpResponse<byte[]> answer) {
      var response =
          SdkHttpFullResponse.builder()
              .statusCode(answer.statusCode())
              .headers(answer.headers().map())
              .build();
      var content = AbortableInputStream.create(new ByteArrayInputStream(answer.body()));
      return HttpExecuteResponse.builder().response(response).responseBody(content).build();
    }

    @Override
    public void close() {}
  }
}

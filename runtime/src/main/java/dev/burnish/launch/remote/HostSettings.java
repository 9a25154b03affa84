package dev.burnish.launch.remote;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The hosts on which a job runs: part of the settings of a script, so that the same script runs
/// here or on a cluster.
///
/// @param launcher how the agents of hosts are started
/// @param count of hosts; with SSH it is the number of nodes
/// @param nodes for SSH, each `[user@]host[:port]`
/// @param address of this host at which the others reach it; empty: that of its name
/// @param command that a host runs to join; ` --join FILE --name NAME` is appended
/// @param patience how long hosts may take to join
public record HostSettings(
    Kind launcher,
    int count,
    List<String> nodes,
    String address,
    String command,
    Duration patience,
    Ssh ssh,
    Slurm slurm,
    Kubernetes kubernetes) {
  /// How the agents of hosts are started.
  public enum Kind {
    /// Not at all: all processes are on this host.
    LOCAL,
    /// By a command over SSH.
    SSH,
    /// In one job of Slurm.
    SLURM,
    /// In a pod each.
    KUBERNETES
  }

  /// @param user of nodes that name none; empty: this user
  /// @param identity a file with a private key; none: the usual ones in `~/.ssh`
  /// @param knownHosts a file with the keys of hosts; any other is refused
  /// @param connect how long a connection may take
  public record Ssh(String user, Optional<Path> identity, Path knownHosts, Duration connect) {
    static Ssh defaults() {
      Path folder = Path.of(System.getProperty("user.home"), ".ssh");
      return new Ssh("", Optional.empty(), folder.resolve("known_hosts"), Duration.ofSeconds(30));
    }
  }

  /// @param bin the folder of Slurm's commands; none: they are on the PATH
  /// @param options of `sbatch`, such as `--partition=gpu`
  /// @param folder of the ticket and of output, which all nodes see and only this user enters
  /// @param poll how often Slurm is queried for the state of the job
  public record Slurm(Optional<Path> bin, List<String> options, Path folder, Duration poll) {
    static Slurm defaults() {
      Path folder = Path.of(System.getProperty("user.home"), ".burnish", "slurm");
      return new Slurm(Optional.empty(), List.of(), folder, Duration.ofSeconds(2));
    }

    String tool(String name) {
      return bin.map(folder -> folder.resolve(name).toString()).orElse(name);
    }
  }

  /// @param server the address of the API; that of the cluster unless set, or of `kubectl proxy`
  /// @param namespace of the pods; empty: the one that the controller's own pod is in, else
  ///   `default`
  /// @param image with Burnish
  /// @param token a file with the token for the API, if it exists
  /// @param authority a file with the certificate of the API's authority, if it exists
  /// @param cores of a pod
  /// @param megabytes of memory of a pod
  /// @param gpus of a pod, as `nvidia.com/gpu`
  /// @param nodeSelector labels of the nodes to use
  public record Kubernetes(
      String server,
      String namespace,
      String image,
      Path token,
      Path authority,
      int cores,
      int megabytes,
      int gpus,
      Map<String, String> nodeSelector) {
    private static final Path ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    static Kubernetes defaults() {
      return new Kubernetes(
          "https://kubernetes.default.svc",
          "",
          "",
          ACCOUNT.resolve("token"),
          ACCOUNT.resolve("ca.crt"),
          1,
          2048,
          0,
          Map.of());
    }
  }

  /// @throws IllegalArgumentException if the launcher lacks a setting, or a value makes no sense
  public HostSettings {
    nodes = List.copyOf(nodes);
    if (count < 1 || (launcher == Kind.LOCAL && count != 1)) {
      throw new IllegalArgumentException(
          "a job has at least one host, and this host is one: hosts.count=%d hosts.launcher=%s; set hosts.launcher=SSH, SLURM or KUBERNETES for more"
              .formatted(count, launcher));
    }
    if (launcher == Kind.SSH && nodes.isEmpty()) {
      throw new IllegalArgumentException(
          "SSH needs the nodes to connect to: hosts.nodes=[]; set hosts.nodes=[host, user@host:port]");
    }
    if (launcher == Kind.SSH && count != 1 && count != nodes.size()) {
      throw new IllegalArgumentException(
          "there is a host for each node: hosts.count=%d hosts.nodes=%s; leave hosts.count away"
              .formatted(count, nodes));
    }
    if (launcher == Kind.KUBERNETES && kubernetes.image().isEmpty()) {
      throw new IllegalArgumentException(
          "a pod needs an image that has Burnish: hosts.kubernetes.image=''; set it");
    }
  }

  /// This host alone.
  public static HostSettings defaults() {
    return new HostSettings(
        Kind.LOCAL,
        1,
        List.of(),
        "",
        "burnish worker",
        Duration.ofMinutes(10),
        Ssh.defaults(),
        Slurm.defaults(),
        Kubernetes.defaults());
  }

  /// How many hosts the job has.
  public int numHosts() {
    return launcher == Kind.SSH ? nodes.size() : count;
  }

  /// Whether hosts are elsewhere.
  public boolean isElsewhere() {
    return launcher != Kind.LOCAL;
  }

  /// Where the other hosts reach this one.
  ///
  /// @throws IllegalArgumentException if it has no such address
  public InetAddress reach() {
    try {
      InetAddress found =
          address.isEmpty() ? InetAddress.getLocalHost() : InetAddress.getByName(address);
      if (address.isEmpty() && found.isLoopbackAddress()) {
        throw new UnknownHostException("this host's name stands for " + found.getHostAddress());
      }
      if (NetworkInterface.getByInetAddress(found) == null) {
        throw new UnknownHostException("no interface of this host has it");
      }
      return found;
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "other hosts reach this one at an address: hosts.address='%s' (%s); set it to one that they can reach"
              .formatted(address, e.getMessage()),
          e);
    }
  }
}

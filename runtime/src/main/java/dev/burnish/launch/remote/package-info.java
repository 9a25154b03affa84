/// Hosts elsewhere: their agents are started over SSH, by Slurm or in Kubernetes.
@NullMarked
package dev.burnish.launch.remote;

import org.jspecify.annotations.NullMarked;

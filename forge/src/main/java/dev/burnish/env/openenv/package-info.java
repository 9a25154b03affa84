/// Environments of OpenEnv: those of other servers as ours, and ours for other clients.
@NullMarked
package dev.burnish.env.openenv;

import org.jspecify.annotations.NullMarked;

/// When a service has more replicas, and when fewer.
@NullMarked
package dev.burnish.service.scaling;

import org.jspecify.annotations.NullMarked;

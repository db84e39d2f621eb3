import type { TaskEvent } from "@spectralnotify/client";

import { hasContent } from "../format.js";
import { eventIcon, Icon } from "./icon.js";
import { Json } from "./json.js";
import { Ago } from "./time.js";

interface TimelineProps {
  /** Newest first. */
  events: readonly TaskEvent[];
}

/** What happened to a task, newest first. */
export function Timeline({ events }: TimelineProps) {
  return (
    <ol className="timeline" aria-label="Events, newest first" reversed>
      {events.map((event) => (
        <Moment key={event.id} event={event} />
      ))}
    </ol>
  );
}

function Moment({ event }: { event: TaskEvent }) {
  const icon = eventIcon(event.kind, event.eventType);
  return (
    <li className={`moment is-${icon}`}>
      <span className="moment-icon">
        <Icon name={icon} />
      </span>
      <div className="moment-body">
        <p className="moment-text">{event.message || event.kind}</p>
        <p className="moment-facts">
          <span title={event.kind}>#{event.id}</span>
          {event.progress !== undefined && <span>{event.progress}%</span>}
          {event.actor && <span>by {event.actor}</span>}
          <Ago at={event.timestamp} />
        </p>
        {hasContent(event.metadata) && (
          <details className="moment-more">
            <summary>Details</summary>
            <Json value={event.metadata} />
          </details>
        )}
      </div>
    </li>
  );
}

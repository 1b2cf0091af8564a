/** Icons of the panels, in the manner of GraphiQL's own. */
import { useSession } from "../session.js";

const drawing = {
  xmlns: "http://www.w3.org/2000/svg",
  viewBox: "0 0 24 24",
  fill: "none",
  stroke: "currentColor",
  strokeWidth: 1.5,
};

/** Somebody; filled while somebody is signed in. */
export function AccountIcon(props) {
  const isSignedIn = useSession(({ user }) => user !== null);
  return (
    <svg {...drawing} {...props} fill={isSignedIn ? "currentColor" : "none"}>
      <circle cx="12" cy="7.5" r="4.25" />
      <path d="M3.75 21.25a8.25 8.25 0 0 1 16.5 0Z" />
    </svg>
  );
}

export function FilesIcon(props) {
  return (
    <svg {...drawing} {...props}>
      <path d="M19.5 11.2 11.4 19.3a4.7 4.7 0 0 1-6.7-6.7l8.6-8.6a3.1 3.1 0 0 1 4.5 4.5l-8.5 8.5a1.6 1.6 0 0 1-2.3-2.3l7.7-7.6" />
    </svg>
  );
}

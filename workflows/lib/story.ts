import { getCurrentDetails, setCurrentDetails } from '@temporalio/workflow';

/** A journey of a year stays readable, at some forty lines; the whole of it is in the history. */
const longest = 2_400;

/** Adds a line to what Temporal UI shows as the run's current details: no event in the history, no cost. */
export function note(line: string): void {
  const time = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const story = `${getCurrentDetails()}- ${time} UTC · ${line}\n`;
  setCurrentDetails(story.length < longest ? story : story.slice(story.indexOf('\n') + 1));
}

import type { PageWords } from './words.ts';

export const german: PageWords = {
  dir: 'ltr',
  theseMails: 'diese E-Mails',
  leave: {
    title: (topic) => `${topic} abbestellen?`,
    body: (sender) => `Sie bekommen diese E-Mails von ${sender} dann nicht mehr.`,
    button: 'Abbestellen',
  },
  left: {
    title: 'Sie sind abgemeldet',
    body: (topic, sender) => `${sender} schickt Ihnen nichts mehr zu: ${topic}.`,
  },
  undo: {
    hint: 'Doch nicht gewollt?',
    button: 'Rückgängig machen',
    title: 'Letzte Änderung rückgängig machen?',
    done: 'Rückgängig gemacht. Alles ist wie vorher.',
    expiredTitle: 'Zu spät zum Rückgängigmachen',
    expired:
      'Eine Änderung lässt sich eine halbe Stunde lang zurücknehmen. In Ihren Einstellungen können Sie weiterhin alles ändern.',
  },
  preferences: {
    title: 'E-Mail-Einstellungen',
    intro: (sender) =>
      `Wählen Sie, welche E-Mails Sie von ${sender} möchten. Rechnungen und Ähnliches kommen in jedem Fall.`,
    legend: 'E-Mails zu',
    agreement: (sender) =>
      `Mit dem Speichern willige ich ein, dass ${sender} mir E-Mails zu dem schickt, was angekreuzt ist. Das kann ich hier jederzeit widerrufen.`,
    save: 'Speichern',
    saved: 'Ihre Auswahl ist gespeichert.',
    unchanged: 'Nichts geändert: Es war schon so, wie Sie es gewählt haben.',
    link: 'Auswählen, was ich bekomme',
  },
  all: {
    title: 'Lieber gar nichts?',
    body: 'Beendet alle E-Mails von oben und auch solche, die einmal dazukommen.',
    button: 'Alles abbestellen',
    done: 'Sie haben alles abbestellt.',
  },
  stopped: {
    complaint: 'Sie bekommen zurzeit keine E-Mails, weil eine aus Ihrem Postfach als Spam gemeldet wurde.',
    bounce: 'Sie bekommen zurzeit keine E-Mails, weil sie nicht an Ihre Adresse zugestellt werden konnten.',
  },
  confirm: {
    title: 'Anmeldung bestätigen',
    body: (sender) =>
      `Ja, das ist meine Adresse, und ${sender} darf mir die E-Mails schicken, um die ich gebeten habe:`,
    button: 'Bestätigen',
    doneTitle: 'Sie sind angemeldet',
    done: 'Danke. Ihre Anmeldung ist bestätigt.',
  },
  nothingToConfirm: {
    title: 'Nichts zu bestätigen',
    body: 'Hier wartet keine Anmeldung auf Ihre Bestätigung.',
  },
  notFound: {
    title: 'Dieser Link funktioniert nicht',
    body: 'Vielleicht wurde er unterwegs abgeschnitten. Bitte öffnen Sie den Link in der E-Mail selbst oder nehmen Sie eine neuere E-Mail.',
  },
  failed: {
    title: 'Das hat nicht geklappt',
    body: 'Es wurde nichts geändert. Bitte versuchen Sie es in einer Minute noch einmal.',
  },
  foreign: {
    title: 'Das kam von anderswo',
    body: 'Es wurde nichts geändert. Bitte öffnen Sie den Link in der E-Mail selbst und wählen Sie dort.',
  },
  tooMany: {
    title: 'Zu viele Versuche',
    body: 'Bitte warten Sie eine Minute und öffnen Sie dann den Link in der E-Mail noch einmal.',
  },
  tooManyChanges: {
    title: 'Zu viele Änderungen',
    minute:
      'Abgewählte Themen sind gespeichert. Um ein Thema zu abonnieren, warten Sie bitte eine Minute und öffnen Sie dann den Link in der E-Mail noch einmal.',
    hour: 'Abgewählte Themen sind gespeichert. Um ein Thema zu abonnieren, warten Sie bitte eine Stunde und öffnen Sie dann den Link in der E-Mail noch einmal.',
  },
};

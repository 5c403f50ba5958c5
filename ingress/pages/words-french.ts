import type { PageWords } from './words.ts';

export const french: PageWords = {
  dir: 'ltr',
  theseMails: 'ces e-mails',
  leave: {
    title: (topic) => `Se désabonner de « ${topic} » ?`,
    body: (sender) => `Vous ne recevrez plus ces e-mails de la part de ${sender}.`,
    button: 'Se désabonner',
  },
  left: {
    title: 'Vous êtes désabonné(e)',
    body: (topic, sender) => `${sender} ne vous enverra plus rien à ce sujet : ${topic}.`,
  },
  undo: {
    hint: 'Ce n’est pas ce que vous vouliez ?',
    button: 'Annuler',
    title: 'Annuler votre dernier changement ?',
    done: 'C’est annulé. Tout est comme avant.',
    expiredTitle: 'Trop tard pour annuler',
    expired:
      'Un changement peut être annulé pendant une demi-heure. Vous pouvez toujours tout modifier dans vos préférences.',
  },
  preferences: {
    title: 'Préférences d’e-mail',
    intro: (sender) =>
      `Choisissez les e-mails que vous souhaitez recevoir de ${sender}. Les reçus et messages semblables vous parviennent toujours.`,
    legend: 'E-mails sur',
    agreement: (sender) =>
      `En enregistrant, j’accepte que ${sender} m’envoie des e-mails sur les sujets cochés. Je peux revenir sur ce choix ici à tout moment.`,
    save: 'Enregistrer',
    saved: 'Votre choix est enregistré.',
    unchanged: 'Rien n’a changé : c’était déjà votre choix.',
    link: 'Choisir ce que je reçois',
  },
  all: {
    title: 'Plutôt rien du tout ?',
    body: 'Met fin à tous les e-mails ci-dessus, et à ceux qui pourraient s’y ajouter un jour.',
    button: 'Se désabonner de tout',
    done: 'Vous êtes désabonné(e) de tout.',
  },
  stopped: {
    complaint: 'Vous ne recevez aucun e-mail actuellement, car l’un d’eux a été signalé comme spam depuis votre boîte.',
    bounce: 'Vous ne recevez aucun e-mail actuellement, car ils n’ont pas pu être remis à votre adresse.',
  },
  confirm: {
    title: 'Confirmez votre abonnement',
    body: (sender) => `Oui, c’est mon adresse, et ${sender} peut m’envoyer les e-mails que j’ai demandés :`,
    button: 'Confirmer',
    doneTitle: 'Vous êtes abonné(e)',
    done: 'Merci. Votre abonnement est confirmé.',
  },
  nothingToConfirm: {
    title: 'Rien à confirmer',
    body: 'Aucun abonnement n’attend ici votre confirmation.',
  },
  notFound: {
    title: 'Ce lien ne fonctionne pas',
    body: 'Il a peut-être été coupé en route. Ouvrez le lien dans l’e-mail lui-même, ou prenez un e-mail plus récent.',
  },
  failed: {
    title: 'Cela n’a pas fonctionné',
    body: 'Rien n’a été changé. Veuillez réessayer dans une minute.',
  },
  foreign: {
    title: 'Cela venait d’ailleurs',
    body: 'Rien n’a été changé. Ouvrez le lien dans l’e-mail lui-même, puis choisissez.',
  },
  tooMany: { title: 'Trop de tentatives', body: 'Attendez une minute, puis rouvrez le lien dans l’e-mail.' },
  tooManyChanges: {
    title: 'Trop de modifications',
    minute:
      'Les sujets que vous avez décochés sont enregistrés. Pour vous abonner à un sujet, attendez une minute, puis rouvrez le lien dans l’e-mail.',
    hour: 'Les sujets que vous avez décochés sont enregistrés. Pour vous abonner à un sujet, attendez une heure, puis rouvrez le lien dans l’e-mail.',
  },
};

import type { PageWords } from './words.ts';

export const spanish: PageWords = {
  dir: 'ltr',
  theseMails: 'estos correos',
  leave: {
    title: (topic) => `¿Darse de baja de «${topic}»?`,
    body: (sender) => `Ya no recibirá estos correos de ${sender}.`,
    button: 'Darme de baja',
  },
  left: {
    title: 'Se ha dado de baja',
    body: (topic, sender) => `${sender} ya no le enviará nada sobre esto: ${topic}.`,
  },
  undo: {
    hint: '¿No era lo que quería?',
    button: 'Deshacer',
    title: '¿Deshacer su último cambio?',
    done: 'Deshecho. Todo está como antes.',
    expiredTitle: 'Es tarde para deshacer',
    expired: 'Un cambio puede deshacerse durante media hora. Aún puede cambiarlo todo en sus preferencias.',
  },
  preferences: {
    title: 'Preferencias de correo',
    intro: (sender) =>
      `Elija qué correos quiere recibir de ${sender}. Los recibos y similares llegan en cualquier caso.`,
    legend: 'Correos sobre',
    agreement: (sender) =>
      `Al guardar acepto que ${sender} me envíe correos sobre lo que está marcado. Puedo retirarlo aquí en cualquier momento.`,
    save: 'Guardar',
    saved: 'Su elección está guardada.',
    unchanged: 'No ha cambiado nada: ya estaba como lo eligió.',
    link: 'Elegir qué recibo',
  },
  all: {
    title: '¿Mejor nada?',
    body: 'Termina todos los correos de arriba y los que se añadan algún día.',
    button: 'Darme de baja de todo',
    done: 'Se ha dado de baja de todo.',
  },
  stopped: {
    complaint: 'Ahora no recibe correos, porque uno se marcó como spam desde su buzón.',
    bounce: 'Ahora no recibe correos, porque no se pudieron entregar en su dirección.',
  },
  confirm: {
    title: 'Confirme su suscripción',
    body: (sender) => `Sí, esta es mi dirección, y ${sender} puede enviarme los correos que pedí:`,
    button: 'Confirmar',
    doneTitle: 'Ya tiene su suscripción',
    done: 'Gracias. Su suscripción está confirmada.',
  },
  nothingToConfirm: {
    title: 'Nada que confirmar',
    body: 'Aquí no hay ninguna suscripción que espere su confirmación.',
  },
  notFound: {
    title: 'Este enlace no funciona',
    body: 'Quizá se cortó por el camino. Abra el enlace en el propio correo, o use un correo más reciente.',
  },
  failed: { title: 'No ha funcionado', body: 'No se ha cambiado nada. Inténtelo de nuevo en un minuto.' },
  foreign: {
    title: 'Esto vino de otro sitio',
    body: 'No se ha cambiado nada. Abra el enlace en el propio correo y elija allí.',
  },
  tooMany: { title: 'Demasiados intentos', body: 'Espere un minuto y vuelva a abrir el enlace del correo.' },
  tooManyChanges: {
    title: 'Demasiados cambios',
    minute:
      'Los temas que ha desmarcado se han guardado. Para suscribirse a un tema, espere un minuto y vuelva a abrir el enlace del correo.',
    hour: 'Los temas que ha desmarcado se han guardado. Para suscribirse a un tema, espere una hora y vuelva a abrir el enlace del correo.',
  },
};

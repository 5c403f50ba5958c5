import type { PageWords } from './words.ts';

export const portuguese: PageWords = {
  dir: 'ltr',
  theseMails: 'estes e-mails',
  leave: {
    title: (topic) => `Cancelar a inscrição em “${topic}”?`,
    body: (sender) => `Você não receberá mais estes e-mails de ${sender}.`,
    button: 'Cancelar inscrição',
  },
  left: {
    title: 'Inscrição cancelada',
    body: (topic, sender) => `${sender} não enviará mais nada sobre isto: ${topic}.`,
  },
  undo: {
    hint: 'Não era o que queria?',
    button: 'Desfazer',
    title: 'Desfazer a última alteração?',
    done: 'Desfeito. Tudo está como antes.',
    expiredTitle: 'Tarde demais para desfazer',
    expired: 'Uma alteração pode ser desfeita durante meia hora. Você ainda pode mudar tudo nas suas preferências.',
  },
  preferences: {
    title: 'Preferências de e-mail',
    intro: (sender) =>
      `Escolha quais e-mails deseja receber de ${sender}. Recibos e mensagens semelhantes chegam sempre.`,
    legend: 'E-mails sobre',
    agreement: (sender) =>
      `Ao salvar, concordo que ${sender} me envie e-mails sobre o que está marcado. Posso voltar atrás aqui a qualquer momento.`,
    save: 'Salvar',
    saved: 'Sua escolha foi salva.',
    unchanged: 'Nada mudou: já estava como você escolheu.',
    link: 'Escolher o que recebo',
  },
  all: {
    title: 'Prefere não receber nada?',
    body: 'Encerra todos os e-mails acima e os que venham a ser acrescentados um dia.',
    button: 'Cancelar tudo',
    done: 'Todas as inscrições foram canceladas.',
  },
  stopped: {
    complaint: 'Você não recebe e-mails no momento, porque um deles foi marcado como spam na sua caixa.',
    bounce: 'Você não recebe e-mails no momento, porque não puderam ser entregues no seu endereço.',
  },
  confirm: {
    title: 'Confirme a sua inscrição',
    body: (sender) => `Sim, este é o meu endereço, e ${sender} pode enviar-me os e-mails que pedi:`,
    button: 'Confirmar',
    doneTitle: 'Inscrição feita',
    done: 'Obrigado. A sua inscrição está confirmada.',
  },
  nothingToConfirm: {
    title: 'Nada a confirmar',
    body: 'Não há aqui nenhuma inscrição à espera da sua confirmação.',
  },
  notFound: {
    title: 'Este link não funciona',
    body: 'Talvez tenha sido cortado no caminho. Abra o link no próprio e-mail ou use um e-mail mais recente.',
  },
  failed: { title: 'Não funcionou', body: 'Nada foi alterado. Tente novamente dentro de um minuto.' },
  foreign: {
    title: 'Isto veio de outro lugar',
    body: 'Nada foi alterado. Abra o link no próprio e-mail e escolha lá.',
  },
  tooMany: { title: 'Tentativas demais', body: 'Espere um minuto e abra novamente o link do e-mail.' },
  tooManyChanges: {
    title: 'Alterações demais',
    minute:
      'Os temas que você desmarcou foram salvos. Para assinar um tema, espere um minuto e abra novamente o link do e-mail.',
    hour: 'Os temas que você desmarcou foram salvos. Para assinar um tema, espere uma hora e abra novamente o link do e-mail.',
  },
};

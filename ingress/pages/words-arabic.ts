import type { PageWords } from './words.ts';

/** A name in another script keeps its own direction, and moves nothing around it. */
const name = (text: string) => `\u2068${text}\u2069`;

export const arabic: PageWords = {
  dir: 'rtl',
  theseMails: 'هذه الرسائل',
  leave: {
    title: (topic) => `إلغاء الاشتراك في ${name(topic)}؟`,
    body: (sender) => `لن تصلك هذه الرسائل من ${name(sender)} بعد الآن.`,
    button: 'إلغاء الاشتراك',
  },
  left: {
    title: 'تم إلغاء اشتراكك',
    body: (topic, sender) => `لن يرسل إليك ${name(sender)} بعد الآن: ${name(topic)}.`,
  },
  undo: {
    hint: 'لم تكن تريد ذلك؟',
    button: 'تراجع',
    title: 'هل تريد التراجع عن آخر تغيير؟',
    done: 'تم التراجع. عاد كل شيء كما كان.',
    expiredTitle: 'فات أوان التراجع',
    expired: 'يمكن التراجع عن التغيير خلال نصف ساعة. وما زال بإمكانك تغيير كل شيء في تفضيلاتك.',
  },
  preferences: {
    title: 'تفضيلات البريد',
    intro: (sender) => `اختر الرسائل التي تريدها من ${name(sender)}. أما الإيصالات وما شابهها فتصلك في كل الأحوال.`,
    legend: 'رسائل عن',
    agreement: (sender) =>
      `بالحفظ أوافق على أن يرسل إليّ ${name(sender)} رسائل عمّا هو محدّد. ويمكنني سحب موافقتي هنا في أي وقت.`,
    save: 'حفظ',
    saved: 'تم حفظ اختيارك.',
    unchanged: 'لم يتغير شيء: كان كما اخترت.',
    link: 'اختر ما يصلك',
  },
  all: {
    title: 'هل تفضّل ألا يصلك شيء؟',
    body: 'يوقف كل الرسائل أعلاه وما قد يضاف إليها يومًا ما.',
    button: 'إلغاء الاشتراك في الكل',
    done: 'تم إلغاء اشتراكك في كل شيء.',
  },
  stopped: {
    complaint: 'لا تصلك أي رسائل حاليًا، لأن إحداها أُبلغ عنها كرسالة مزعجة من صندوق بريدك.',
    bounce: 'لا تصلك أي رسائل حاليًا، لأنه تعذّر تسليمها إلى عنوانك.',
  },
  confirm: {
    title: 'أكّد اشتراكك',
    body: (sender) => `نعم، هذا عنواني، ويمكن أن يرسل إليّ ${name(sender)} الرسائل التي طلبتها:`,
    button: 'تأكيد',
    doneTitle: 'تم اشتراكك',
    done: 'شكرًا. تم تأكيد اشتراكك.',
  },
  nothingToConfirm: { title: 'لا شيء للتأكيد', body: 'لا يوجد هنا اشتراك ينتظر تأكيدك.' },
  notFound: {
    title: 'هذا الرابط لا يعمل',
    body: 'ربما قُطع في الطريق. افتح الرابط من الرسالة نفسها، أو استخدم رسالة أحدث.',
  },
  failed: { title: 'لم ينجح ذلك', body: 'لم يتغير شيء. حاول مرة أخرى بعد دقيقة.' },
  foreign: { title: 'جاء هذا من مكان آخر', body: 'لم يتغير شيء. افتح الرابط من الرسالة نفسها واختر هناك.' },
  tooMany: { title: 'محاولات كثيرة', body: 'انتظر دقيقة ثم افتح الرابط من الرسالة مرة أخرى.' },
};

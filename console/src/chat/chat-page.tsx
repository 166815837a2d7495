import { useCallback, useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { ApiFailure } from '../api.ts';
import { useLanguage } from '../language.tsx';
import { randomId } from '../random-id.ts';
import { ask, cancel, listModels, type Message, type Piece, resume } from './chat-api.ts';
import { Composer, type Question } from './composer.tsx';
import './chat.css';
import { Problem } from '../problem.tsx';

/** The session's id alone is kept, and in this window only: questions and answers are not. */
const STORED = 'ktpflow.chat';

interface Turn {
  /** null: it was asked before the page was loaded anew. */
  readonly question: Question | null;
  readonly answer: string;
  readonly reasoning: string;
  readonly end: 'open' | 'done' | 'cancelled' | 'failed';
}

/** A conversation with a model. An answer outlives the page: loaded anew, it goes on where it is. */
export function ChatPage() {
  const { texts } = useLanguage();
  const { chat: words } = texts;
  const [models, setModels] = useState<readonly string[]>([]);
  const [model, setModel] = useState('');
  const [session, setSession] = useState(() => sessionStorage.getItem(STORED));
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [problem, setProblem] = useState<unknown>(null);
  const reading = useRef<AbortController | null>(null);
  const end = useRef<HTMLDivElement>(null);
  const last = turns.at(-1);
  const isOpen = last?.end === 'open';

  const change = useCallback((next: (turn: Turn) => Partial<Turn>) => {
    setTurns((known) => known.map((turn, index) => (index === known.length - 1 ? { ...turn, ...next(turn) } : turn)));
  }, []);
  const follow = useCallback(
    async (turn: Turn, stream: (signal: AbortSignal) => AsyncGenerator<Piece>) => {
      reading.current?.abort();
      const controller = new AbortController();
      reading.current = controller;
      setProblem(null);
      setTurns((known) => [...known, turn]);
      try {
        for await (const piece of stream(controller.signal)) {
          if (piece.kind === 'text') change(({ answer }) => ({ answer: answer + piece.text }));
          else if (piece.kind === 'reasoning') change(({ reasoning }) => ({ reasoning: reasoning + piece.text }));
          else if (piece.kind === 'end') change(() => ({ end: piece.isCancelled ? 'cancelled' : 'done' }));
        }
      } catch (error) {
        if (controller.signal.aborted) return;
        change(() => ({ end: 'failed' }));
        throw error;
      }
    },
    [change],
  );

  useEffect(() => {
    listModels().then((names) => {
      setModels(names);
      setModel((chosen) => chosen || (names[0] ?? ''));
    }, setProblem);
  }, []);
  useEffect(() => {
    const stored = sessionStorage.getItem(STORED);
    if (stored !== null) {
      follow({ question: null, ...NOTHING_YET }, (signal) => resume(stored, signal)).catch((error: unknown) => {
        setTurns([]);
        if (!(error instanceof ApiFailure) || error.status !== 404) setProblem(error);
      });
    }
    return () => {
      reading.current?.abort();
      setTurns([]);
    };
  }, [follow]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was added is to be seen
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [last?.answer, last?.reasoning, turns.length]);

  const send = (question: Question) => {
    const id = session ?? randomId();
    sessionStorage.setItem(STORED, id);
    setSession(id);
    const messages = [...turns.flatMap(messagesOf), messageOfQuestion(question)];
    follow({ question, ...NOTHING_YET }, (signal) => ask(id, { model, messages }, signal)).catch(setProblem);
  };
  const stop = () => {
    if (session !== null) cancel(session).catch(setProblem);
  };
  const begin = () => {
    reading.current?.abort();
    if (isOpen) stop();
    sessionStorage.removeItem(STORED);
    setSession(null);
    setTurns([]);
    setProblem(null);
  };

  return (
    <div className="chat">
      <div className="row chat-head">
        <label className="inline">
          {words.model}{' '}
          <select value={model} onChange={(event) => setModel(event.target.value)}>
            {models.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {turns.length > 0 && <Button onPress={begin}>{words.begin}</Button>}
      </div>
      <div className="turns">
        {turns.length === 0 && <p className="invitation">{words.invitation}</p>}
        {turns.map((turn, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: turns are only ever added at the end
          <TurnView key={index} turn={turn} />
        ))}
        <Problem of={problem} />
        <div ref={end} />
      </div>
      <Composer isBusy={isOpen} isReady={model !== ''} onSend={send} onStop={stop} />
    </div>
  );
}

const NOTHING_YET = { answer: '', reasoning: '', end: 'open' } as const;

function TurnView({ turn }: { readonly turn: Turn }) {
  const { texts } = useLanguage();
  const { chat: words } = texts;
  const { answer, end, question, reasoning } = turn;
  return (
    <article className="turn">
      {question ? (
        <div className="question">
          {question.image !== null && <img src={question.image} alt={words.picture} />}
          {question.text !== '' && <p>{question.text}</p>}
        </div>
      ) : (
        <p className="help">{words.before}</p>
      )}
      {reasoning !== '' && (
        <details>
          <summary>{words.reasoning}</summary>
          <p className="answer help">{reasoning}</p>
        </details>
      )}
      <section aria-label={words.answer} aria-live="polite" aria-busy={end === 'open'}>
        <p className="answer">{answer}</p>
        {end === 'open' && <p className="help">{answer === '' ? words.thinking : words.writing}</p>}
        {end === 'cancelled' && <p className="help">{words.cancelled}</p>}
      </section>
    </article>
  );
}

function messagesOf({ answer, question }: Turn): Message[] {
  if (!question || answer === '') return [];
  return [messageOfQuestion(question), { role: 'assistant', content: answer }];
}

function messageOfQuestion({ image, text }: Question): Message {
  if (image === null) return { role: 'user', content: text };
  const picture = { type: 'image_url', image_url: { url: image } } as const;
  return { role: 'user', content: text === '' ? [picture] : [{ type: 'text', text }, picture] };
}

/** A row as the driver gives it; checked where it is read. */
export type Row = Readonly<Record<string, unknown>>;

/** One SQL statement in PostgreSQL's dialect, with `$1`, `$2`, … */
export interface Statement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

/** Who goes before whom where much waits to be done: `first` what an engine or the life of a host depends on, `last` new jobs, of which there may be many. */
export type Urgency = 'first' | 'soon' | 'last';

/** A database that speaks PostgreSQL: the embedded one, or a server. */
export interface Database {
  /** Others may work on the same database; false for the embedded one. */
  readonly shared: boolean;
  /** All statements in one transaction; the rows of each. Rejects with nothing done. `soon` if not said otherwise. */
  run(statements: readonly Statement[], urgency?: Urgency): Promise<readonly (readonly Row[])[]>;
  /** Hears what others on the same database say; on a database that nobody else can open it is silent. `missed`: the connection was lost for a while. */
  listen(channel: string, heard: (payload: string) => void, missed: () => void): Promise<void>;
  close(): Promise<void>;
}

/** The rows of a single statement. */
export async function rowsOf(database: Database, text: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
  const [rows = []] = await database.run([{ text, values }]);
  return rows;
}

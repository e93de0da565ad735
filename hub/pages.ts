/** Lists in pages, with GitHub's `Link` header. */

const MOST_PER_PAGE = 100;

export interface Page<T> {
  items: readonly T[];
  /** Absent when there is one page only. */
  link?: string;
}

/**
 * @param address of the list, without a query
 * @param query `page` and `per_page`; what is no number counts as not given, as on GitHub
 */
export function pageOf<T>(all: readonly T[], address: string, query: URLSearchParams): Page<T> {
  const perPage = Math.min(positive(query.get('per_page')) ?? 30, MOST_PER_PAGE);
  const page = positive(query.get('page')) ?? 1;
  const last = Math.max(1, Math.ceil(all.length / perPage));
  const to = (number: number, rel: string) => {
    const wanted = new URLSearchParams(query);
    wanted.set('page', String(number));
    return `<${address}?${wanted}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [to(Math.min(page - 1, last), 'prev')] : []),
    ...(page < last ? [to(page + 1, 'next'), to(last, 'last')] : []),
    ...(page > 1 ? [to(1, 'first')] : []),
  ];
  const items = all.slice((page - 1) * perPage, page * perPage);
  return links.length === 0 ? { items } : { items, link: links.join(', ') };
}

function positive(text: string | null): number | undefined {
  return text !== null && /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}

/** The text with a blank in the place of each line break, tab and the like: where the API takes one line, it refuses those. */
export const oneLine = (text: string) => text.replaceAll(/\r\n|\p{Cc}/gu, ' ');
